# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""Sealing of the audit trail: leaves, signed checkpoints, their export, and verification."""
