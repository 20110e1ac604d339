# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""Running scheduled jobs: pulls and pushes of files, resumed where a crash left them."""
