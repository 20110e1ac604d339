# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""What moves messages: insert, wake, claim, run, record. Plain classes over a cursor;
the models stay thin above them."""
