# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from . import (
    access_log,
    audit,
    audit_export,
    dispatcher,
    batch,
    export_csv,
    fhir,
    health,
    hl7v2,
    messages,
    preview,
    status,
)
