// Not served: the page loads swagger-ui-bundle.js.
