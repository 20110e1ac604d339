# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""Errors of scheduled files: stores, sources, files and their rows."""

from __future__ import annotations

from .errors import ErrorSpec, Kind, register

# fmt: off
_ERRORS: tuple[tuple[str, int, Kind, str, str], ...] = (
    ("batch_only", 403, Kind.PERMANENT, "The channel is served by scheduled files.",
     "Send by the agreed file, or ask the hospital to allow live messages on the channel."),
    ("file_root_not_allowed", 0, Kind.PERSON, "The folder is below no root that is allowed.",
     "Name its root in the environment's HC_FILE_ROOTS, or choose another folder."),
    ("file_name_refused", 0, Kind.PERSON, "A file or folder name is not safe.",
     "Use plain names, no links, and no path in the name."),
    ("file_missing", 0, Kind.PERSON, "The file or folder is not there.",
     "Ask the partner to send the file again, or correct the folder."),
    ("file_changed", 0, Kind.TRANSIENT, "The file changed while it was read.",
     "Nothing, if it is still being written; else have the partner rename it when complete."),
    ("file_too_large", 0, Kind.PERSON, "The file or page is larger than the job allows.",
     "Have the partner split it, or raise the limit of the job."),
    ("file_too_many_rows", 0, Kind.PERSON, "The file has more rows than the job allows.",
     "Have the partner split it, or raise the limit of the job."),
    ("file_malformed", 0, Kind.PERSON, "The file is not of the format that the job names.",
     "Compare format, delimiter and character set of the job with the file."),
    ("file_header_invalid", 0, Kind.PERSON, "The header lacks a column, or has one twice.",
     "Compare the columns of the job with the first line of the file."),
    ("file_exists", 0, Kind.PERSON, "Another file of this name with other content is there.",
     "Look whose file it is, move it away, and retry the run."),
    ("rows_invalid", 0, Kind.PERSON, "Rows break the contract, and the job takes all or nothing.",
     "Have the partner correct the rows that the report names, or take the good rows only."),
    ("store_unreachable", 0, Kind.TRANSIENT, "The file store does not answer.",
     "It is tried again; see whether the server is up and the network lets Odoo through."),
    ("store_denied", 0, Kind.PERSON, "The file store refuses the user, or access to the folder.",
     "Check user, password or key, and the rights on the folder."),
    ("store_host_key", 0, Kind.PERSON, "The server's host key is not the one that is known.",
     "Ask the partner whether the key was changed; only then enter the new one."),
    ("store_address_refused", 0, Kind.PERSON, "The server has a private address.",
     "Allow private addresses on the store if the server really is in your own network."),
    ("source_unreachable", 0, Kind.TRANSIENT, "The source does not answer.",
     "It is tried again; see whether the server is up and the network lets Odoo through."),
    ("source_failed", 0, Kind.TRANSIENT, "The source answered that it failed.",
     "It is tried again; if it goes on, ask whoever runs the source."),
    ("source_busy", 0, Kind.TRANSIENT, "The source asked to come back later.",
     "Nothing: the run waits as long as the source said."),
    ("source_denied", 0, Kind.PERSON, "The source refuses our credential.",
     "Put the present secret or certificate into the job's endpoint, then retry the run."),
    ("source_missing", 0, Kind.PERSON, "The source has nothing at this address.",
     "Compare the URL of the endpoint with what the partner says, then retry the run."),
    ("source_refused", 0, Kind.PERSON, "The source refuses the request.",
     "Compare parameters and cursor of the job with what the partner says."),
    ("page_malformed", 0, Kind.PERSON, "The answer is no page as the job describes it.",
     "Compare format, rows and next cursor of the job with an answer of the source."),
    ("cursor_stuck", 0, Kind.PERSON, "The source leads in a circle: its next page was read.",
     "Have the partner correct the next cursor, or correct where the job looks for it."),
    ("channel_closed", 0, Kind.PERSON, "The job's channel is not active.",
     "Have the channel approved or resumed, then retry the run."),
)
# fmt: on
for _code, _status, _kind, _title, _action in _ERRORS:
    register(ErrorSpec(_code, _status, _kind, _title, _action, "processing", ("R", "207")))
