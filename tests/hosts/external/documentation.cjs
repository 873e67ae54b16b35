// Opens the documentation in Chromium, signs a user up with "Try it out", and reads the mail in the mailbox.
//
//   node documentation.cjs <address of the service> <path of the documentation> <folder for pictures>

'use strict';

const assert = require('node:assert/strict');
const path = require('node:path');
const { chromium } = require('playwright-core');

const [origin, documentation, pictures] = process.argv.slice(2);
const name = documentation.replaceAll('/', '');

async function main() {
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
  try {
    const page = await browser.newPage({ viewport: { width: 1280, height: 1000 } });
    const complaints = [];
    page.on('console', message => message.type() === 'error' && complaints.push(message.text()));
    page.on('pageerror', error => complaints.push(String(error)));
    // Nothing may come from elsewhere: the pages must work without a network, and tell nobody about their reader.
    await page.route('**/*', route => {
      const url = route.request().url();
      if (new URL(url).origin === origin || /^(data|blob|about):/.test(url)) return route.continue();
      complaints.push(`asks for ${url}`);
      return route.abort();
    });

    await page.goto(origin + documentation);
    await page.locator('.opblock').first().waitFor();
    const operations = await page.locator('.opblock-summary-path').allTextContents();
    const shown = operations.map(text => text.replaceAll('\u200b', '').trim());
    for (const expected of ['register', 'login', 'refresh', 'logout'].map(word => `/api/v1/auth/${word}`)) {
      assert(shown.includes(expected), `${expected} is not among ${shown.join(', ')}`);
    }
    assert(shown.includes('/api/v1/user/profile'));
    await page.screenshot({ path: path.join(pictures, `${name}-operations.png`) });

    const register = page.locator('.opblock').filter({ has: page.locator('[data-path="/api/v1/auth/register"]') });
    await register.locator('.opblock-summary-control').click();
    const body = register.locator('textarea.body-param__text');
    if (!(await body.isVisible())) await register.getByRole('button', { name: 'Try it out' }).click();
    await body.fill(JSON.stringify({
      email: 'grace@example.com',
      password: 'plum-otter-canyon-27',
      first_name: 'Grace',
      last_name: 'Hopper',
    }, null, 2));
    const answered = page.waitForResponse(response => response.request().method() === 'POST');
    await register.getByRole('button', { name: 'Execute' }).click();
    const answer = await answered;
    assert.equal(answer.status(), 200, await answer.text());
    const status = register.locator('.live-responses-table .response-col_status').last();
    await status.waitFor();
    assert.match(await status.textContent(), /200/);
    await register.locator('.live-responses-table').scrollIntoViewIfNeeded();
    await page.screenshot({ path: path.join(pictures, `${name}-registered.png`) });

    await page.goto(`${origin}/dev/mailbox`);
    await page.getByText('1 mail', { exact: true }).waitFor();
    const mail = page.getByRole('button', { name: /grace@example\.com/ });
    assert.equal(await page.locator('#html').isVisible(), false, 'a mail is shown before one is chosen');
    await mail.click();
    const link = page.locator('#links a').first();
    assert.match(await link.getAttribute('href'), /token=/);
    await page.frameLocator('#html').getByRole('link').first().waitFor();
    await page.screenshot({ path: path.join(pictures, `${name}-mailbox.png`) });

    assert.deepEqual(complaints, []);
  } finally {
    await browser.close();
  }
}

main().catch(error => {
  console.error(error);
  process.exitCode = 1;
});
