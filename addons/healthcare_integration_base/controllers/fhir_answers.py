# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from ..messaging.translate import fhir
from . import answers

CONTENT_TYPE = "application/fhir+json"


def refusal(error):
    """An error as OperationOutcome."""
    return answers.json_answer(
        fhir.operation_outcome(error),
        error.spec.status or 500,
        CONTENT_TYPE,
        answers.error_headers(error),
    )


def accepted(stored, entries):
    """One resource that is kept: where its status is to be had."""
    return answers.json_answer(
        fhir.operation_outcome(None),
        answers.accepted_status(stored),
        CONTENT_TYPE,
        [
            ("Content-Location", answers.MESSAGE_PATH + stored[0].uuid),
            *answers.notices(entries),
        ],
    )


def bundle(kind, results, entries):
    """The response Bundle; ``results`` are lists of what was stored, or errors."""
    return answers.json_answer(
        fhir.bundle_response(kind, [_entry(result) for result in results]),
        200,
        CONTENT_TYPE,
        answers.notices(entries),
    )


def _entry(result):
    if not isinstance(result, list):
        return fhir.EntryAnswer(result.spec.status or 500, None, result)
    location = answers.MESSAGE_PATH + result[0].uuid
    return fhir.EntryAnswer(answers.accepted_status(result), location, None)
