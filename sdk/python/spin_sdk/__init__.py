"""Spin applications in Python."""
