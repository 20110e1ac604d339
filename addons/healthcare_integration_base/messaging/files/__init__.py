# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""Folders on this machine and on SFTP servers, as one thing: a place with files."""

from .. import errors_batch
