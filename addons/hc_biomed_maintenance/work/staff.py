# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""What is wrong with a device that staff report; part of the code of the alarm."""

STAFF = "staff."
PROBLEMS = [
    ("not_working", "Does not work"),
    ("alarm", "Alarms again and again"),
    ("damaged", "Is damaged"),
    ("battery", "Battery or power"),
    ("accessory", "Accessory missing or broken"),
    ("display", "Display or controls"),
    ("other", "Something else"),
]
