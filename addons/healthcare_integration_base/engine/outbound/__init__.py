# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""Sending: into the outbox with the cause, out of it after the commit (ADR 0014)."""
