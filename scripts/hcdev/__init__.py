"""Set-up, start and test commands of this repository (standard library only)."""
