# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""How a pseudonym is shown."""

PREFIX = "hcp1_"
SHOWN = 8


def short(env, pseudonym):
    """Enough of a pseudonym to tell two patients of a day apart; nothing where none is known."""
    if not pseudonym:
        return False
    return env._("Patient %s", pseudonym.removeprefix(PREFIX)[:SHOWN])
