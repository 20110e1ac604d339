# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""Who may do what, read from a database: the text that is reviewed and kept in the repository.

``make access`` writes it, ``test_access_matrix.py`` compares it. Users are made for it and have
to be rolled back by whoever calls.
"""

from collections import defaultdict
from pathlib import Path

from odoo import Command

BASE = "healthcare_integration_base"
REPO = Path(__file__).resolve().parents[3]
PAGE = REPO / "docs/access.md"
OPERATIONS = (("read", "R"), ("write", "W"), ("create", "C"), ("unlink", "D"))
SYSTEM_GROUP = f"{BASE}.group_system_user"
COLUMNS = {
    "Viewer": f"{BASE}.group_integration_viewer",
    "Operator": f"{BASE}.group_integration_operator",
    "Manager": f"{BASE}.group_integration_manager",
    "Privacy": f"{BASE}.group_privacy_officer",
    "Auditor": f"{BASE}.group_auditor",
    "Record use": "hc_inventory_sync.group_record_use",
    "Billing": "hc_billing_bridge.group_billing_user",
    "Billing mgr.": "hc_billing_bridge.group_billing_manager",
    "Reporter": "hc_biomed_maintenance.group_biomed_reporter",
    "Biomed": "hc_biomed_maintenance.group_biomed_user",
    "Biomed mgr.": "hc_biomed_maintenance.group_biomed_manager",
    "Internal": "base.group_user",
    "Portal": "base.group_portal",
}
HEAD = """# Who may do what

Made from a database with all addons by `make access`, and compared by a test: a change of a right
shows up here, in review. R read, W write, C create, D delete; · nothing. Record rules narrow it
further, and buttons check for themselves: nobody writes the ledger, and still an operator retries.

The columns are users with that one group, and what it implies. *Internal* and *Portal* have none of
our groups.
"""
SYSTEM_HEAD = """# What the user of an external system may touch, as its handlers need it.
# Made by `make access` and reviewed; a test compares it. Each line: model, rights (Read, Write,
# Create, Delete), and the record rules that narrow them.
"""


def matrix(env):
    """The page ``docs/access.md``."""
    users = {name: make_user(env, [xmlid]) for name, xmlid in COLUMNS.items()}
    parts = [HEAD, "## Models\n", _model_table(env, users)]
    parts += ["\n## Menus\n", _menu_table(env, users)]
    parts += ["\n## Fields that are for some only\n", _field_table(env)]
    parts += ["\n## Record rules\n", _rule_table(env)]
    return "\n".join(parts)


def system_rights(env):
    """``{addon: text}``: what a system's user may touch, by the groups of its handlers.

    What every system's user may is in the file of the base, and is left out of the others.
    """
    plain = _rights_of(env, make_user(env, [SYSTEM_GROUP]))
    found = {BASE: "\n".join([SYSTEM_HEAD, "## Every system", *plain, ""])}
    for addon, sets in sorted(_handler_groups(env).items()):
        lines = [SYSTEM_HEAD]
        for groups, handlers in sorted(sets.items()):
            user = make_user(env, [SYSTEM_GROUP, *groups])
            rights = [line for line in _rights_of(env, user) if line not in plain]
            lines += [f"## {', '.join(groups)}", *(f"# for {name}" for name in sorted(handlers))]
            lines += [*rights, ""]
        found[addon] = "\n".join(lines)
    return found


def reviewed_file(addon):
    """Where the reviewed list of an addon lies."""
    return REPO / "addons" / addon / "tests/reviewed/system_rights.txt"


def write(env):
    """Write what holds now, for somebody to review."""
    PAGE.write_text(matrix(env), "utf-8")
    for addon, text in system_rights(env).items():
        path = reviewed_file(addon)
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, "utf-8")


def make_user(env, xmlids):
    """A user with these groups and nothing else."""
    groups = env["res.groups"].union(*map(env.ref, xmlids))
    users = env["res.users"].with_context(no_reset_password=True)
    login = f"matrix-{'-'.join(xmlids)}"
    return users.create({"name": login, "login": login, "group_ids": [Command.set(groups.ids)]})


def our_models(env):
    """Models that our addons define, with the addon of each."""
    names = (name for name in sorted(env.registry) if name.startswith("hc."))
    return {name: env[name]._original_module for name in names if not env[name]._abstract}


def _rights(env, user, name):
    return "".join(
        letter if env[name].with_user(user).has_access(operation) else ""
        for operation, letter in OPERATIONS
    )


def _model_table(env, users):
    by_addon = defaultdict(list)
    for name, addon in our_models(env).items():
        by_addon[addon].append(name)
    for name, addon in _core_models(env):
        by_addon[addon].append(name)
    return "\n".join(
        "\n".join([f"### {addon}\n", *_rows(env, users, names)])
        for addon, names in sorted(by_addon.items(), key=lambda pair: (pair[0] != BASE, pair[0]))
    )


def _rows(env, users, names):
    yield f"| model | {' | '.join(users)} |"
    yield f"|---|{'---|' * len(users)}"
    for name in sorted(names):
        cells = [_rights(env, user, name) or "·" for user in users.values()]
        yield f"| `{name}` | {' | '.join(cells)} |"
    yield ""


def _core_models(env):
    """Models of Odoo's on which our addons give rights, with the addon."""
    found = set()
    for access in env["ir.model.access"].search([("model_id.model", "not like", "hc.%")]):
        addon = access.get_external_id()[access.id].partition(".")[0]
        if addon.startswith(("hc_", BASE)):
            found.add((access.model_id.model, addon))
    return sorted(found)


def _menu_table(env, users):
    menus = env["ir.ui.menu"].with_context(**{"ir.ui.menu.full_list": True}).search([])
    ours = [
        menu for menu in menus if (menu.get_external_id()[menu.id] or "").startswith(("hc_", BASE))
    ]
    seen = {name: _visible(env["ir.ui.menu"].with_user(user)) for name, user in users.items()}
    lines = [f"| menu | {' | '.join(users)} |", f"|---|{'---|' * len(users)}"]
    for menu in sorted(ours, key=lambda one: one.complete_name):
        cells = ["x" if menu.id in seen[name] else "·" for name in users]
        lines.append(f"| {menu.complete_name} | {' | '.join(cells)} |")
    return "\n".join([*lines, ""])


def _visible(menus):
    """Users of the portal may not even ask."""
    return set(menus._visible_menu_ids()) if menus.has_access("read") else set()


def _field_table(env):
    lines = ["| field | for |", "|---|---|"]
    for name in our_models(env):
        for field in sorted(env[name]._fields.values(), key=lambda one: one.name):
            if field.groups:
                groups = "nobody" if field.groups == "." else field.groups.replace(",", ", ")
                lines.append(f"| `{name}`.`{field.name}` | {groups} |")
    return "\n".join([*lines, ""])


def _rule_table(env):
    lines = ["| model | rule | for | of | domain |", "|---|---|---|---|---|"]
    rules = env["ir.rule"].search([])
    ours = [
        rule for rule in rules if rule.get_external_id()[rule.id].startswith(("hc_", f"{BASE}."))
    ]
    for rule in sorted(ours, key=lambda one: (one.model_id.model, one.get_external_id()[one.id])):
        groups = ", ".join(sorted(rule.groups.get_external_id().values())) or "all"
        operations = "".join(letter for name, letter in OPERATIONS if rule[f"perm_{name}"])
        domain = " ".join((rule.domain_force or "").split()).replace("|", "\\|")
        cells = (f"`{rule.model_id.model}`", rule.name, groups, operations, f"`{domain}`")
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join([*lines, ""])


# ------------------------------------------------------------------ systems' users


def _handler_groups(env):
    """``{addon: {groups: {handler, …}}}``; handlers without groups need nothing more."""
    found = defaultdict(lambda: defaultdict(set))
    for name in env.registry.descendants(["hc.message.handler"], "_inherit"):
        groups = tuple(sorted(getattr(env[name], "_groups", ())))
        if groups:
            found[env[name]._original_module][groups].add(name)
    return found


def _rights_of(env, user):
    """One line for each model that the user may touch."""
    lines = []
    for name in sorted(env.registry):
        model = env[name]
        rights = "" if model._abstract else _rights(env, user, name)
        if rights:
            lines.append(f"{name}  {rights}{_narrowed(env, user, name)}")
    return lines


def _narrowed(env, user, name):
    rules = env["ir.rule"].with_user(user)
    found = env["ir.rule"].union(*(rules._get_rules(name, mode) for mode, _letter in OPERATIONS))
    names = sorted(filter(None, found.sudo().get_external_id().values()))
    return f"  [{', '.join(names)}]" if names else ""
