"""Trying the rules of a site on past cases."""
