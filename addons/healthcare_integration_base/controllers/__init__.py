# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
<<<<<<< HEAD
from . import access_log, audit_export, dispatcher, batch, fhir, health, hl7v2, messages, status
=======
from . import access_log, audit, dispatcher, batch, fhir, health, hl7v2, messages, status
>>>>>>> d
