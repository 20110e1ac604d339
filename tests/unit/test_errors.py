# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
import re
from dataclasses import replace

import pytest
from messaging import errors
from messaging.errors import ErrorSpec, FieldError, Kind, MessageError


def test_every_error_says_what_to_do():
    for entry in errors.all_specs():
        assert re.fullmatch(r"[a-z][a-z0-9_]+", entry.code)
        assert entry.title.endswith(".")
        assert entry.action.endswith(".")
        assert entry.status == 0 or 400 <= entry.status < 600
        severity, code = entry.hl7
        assert severity in "ER"
        assert re.fullmatch(r"10[0-3]|20[0-7]", code)


def test_refusals_by_hl7():
    assert errors.spec("processing_id_mismatch").hl7 == ("R", "202")
    assert errors.spec("version_not_supported").hl7 == ("R", "203")
    assert errors.spec("type_not_accepted").hl7 == ("R", "200")
    assert errors.spec("paused").hl7[0] == "R"
    assert errors.spec("contract_invalid").hl7[0] == "E"


def test_unknown_code_is_an_internal_error():
    assert errors.spec("no_such_code") == errors.spec("internal_error")
    assert errors.spec("internal_error").status == 500


def test_register():
    entry = ErrorSpec("unit_test", 0, Kind.PERSON, "A.", "B.", "processing", ("E", "207"))
    errors.register(entry)
    errors.register(entry)
    assert errors.spec("unit_test") == entry
    with pytest.raises(ValueError, match="unit_test"):
        errors.register(replace(entry, title="C."))
    del errors._REGISTRY["unit_test"]


def test_message_error_shows_its_code_only():
    field = FieldError("/a", "required")
    error = MessageError("contract_invalid", errors=[field], retry_after=3)
    assert (str(error), error.errors, error.retry_after) == ("contract_invalid", (field,), 3)
    assert error.spec.status == 422
    assert error.args == ("contract_invalid",)
