"""Starts `ministack` so that it expands SAM as AWS does: with the parameters of the deployment.

By itself it expands with none (`cloudformation/engine.py`, `_apply_transforms`), so that SAM takes the defaults of the
parameters for what a function's package and its version depend on: no deployment after the first would change anything.
"""

import runpy

from ministack.services.cloudformation import changesets, engine, handlers
from samtranslator.translator import transform as translator

expand, translate = engine._apply_transforms, translator.transform


def expand_with_parameters(template, provided=None, previous=None):
    given = engine._transform_parameters(template, provided, previous)
    # It is looked up anew with each call.
    translator.transform = lambda document, _nothing, policies: translate(document, given, policies)
    try:
        return expand(template, provided, previous)
    finally:
        translator.transform = translate


for module in (engine, changesets, handlers):
    module._apply_transforms = expand_with_parameters

runpy.run_module("ministack", run_name="__main__")
