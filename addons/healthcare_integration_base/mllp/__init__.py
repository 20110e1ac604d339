# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""The server of ``odoo hc_mllp``: HL7 v2 over MLLP, in a process of its own.

``port_config`` is what it knows of a port, ``front`` listens and ``connection`` talks on the
event loop, ``worker`` does the database's part in threads, ``process`` starts it all.
"""
