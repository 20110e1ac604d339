# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""What RPC can call on our models, for the black-box test that calls all of it."""

import inspect
import json

from odoo.exceptions import AccessError
from odoo.service.model import get_public_method

OURS = ("odoo.addons.healthcare_integration_base.", "odoo.addons.hc_")
KEY_DAYS = 1
# What a parameter that has to be given may be; nothing is meant to come of it.
VALUES = {
    "vals": {},
    "values": {},
    "vals_list": [{}],
    "fields": ["id"],
    "field_name": "id",
    "fname": "id",
    "domain": [],
    "groupby": ["id"],
    "group_by": "id",
    "progress_bar": {"field": "id", "colors": {}},
    "grouping_sets": [["id"]],
    "aggregates": ["__count"],
    "specification": {"display_name": {}},
    "fields_spec": {"display_name": {}},
    "field_names": [],
    "data": [["1"]],
    "fields_to_export": ["id"],
    "operation": "read",
    "name": "x",
}


def as_json(env, user_ids):
    """Methods of ours, Odoo's on our models, and an API key for each of some users."""
    own = [call for name in sorted(env.registry) for call in _calls(env, name, is_own=True)]
    real = [name for name in sorted(env.registry) if _is_ours(env, name)]
    inherited = [call for name in real for call in _calls(env, name, is_own=False)]
    keys = {}
    for uid in user_ids:
        user = env["res.users"].browse(uid)
        # Portal users cannot make one for themselves: the strongest stranger is tried.
        keys[uid] = env["res.users.apikeys"].with_user(user).sudo()._generate("rpc", "sweep", None)
    env.cr.commit()  # pylint: disable=invalid-commit
    return json.dumps({"own": own, "inherited": inherited, "keys": keys})


def _is_ours(env, name):
    return name.startswith("hc.") and not env[name]._abstract


def _calls(env, name, *, is_own):
    model = env[name]
    names = sorted(_names(model, is_own=is_own))
    ids = _some(model) if names else []
    for method in names:
        try:
            function = get_public_method(model, method)
        except (AccessError, AttributeError):
            continue
        on_records = not getattr(function, "_api_model", False)
        yield {
            "model": name,
            "method": method,
            "ids": ids,
            "exists": bool(model._abstract or model.sudo().browse(ids).exists()),
            "on_records": on_records,
            "named": _arguments(function),
        }


def _some(model):
    """A record to try it on, where there is one."""
    if model._abstract:
        return [1]
    return model.sudo().with_context(active_test=False).search([], limit=1).ids or [1]


def _names(model, *, is_own):
    found = set()
    for cls in type(model).mro():
        ours = cls.__module__.startswith(OURS)
        if cls is object or ours != is_own:
            continue
        found |= {
            name
            for name, value in vars(cls).items()
            if not name.startswith("_") and inspect.isfunction(value)
        }
    return found


def _arguments(function):
    """Something for each parameter that has to be given."""
    parameters = list(inspect.signature(function).parameters.values())[1:]
    needed = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
    return {
        one.name: VALUES.get(one.name)
        for one in parameters
        if one.default is inspect.Parameter.empty and one.kind in needed
    }
