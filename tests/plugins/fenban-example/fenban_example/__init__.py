"""One plugin of each kind for fenban; see README.md beside this package."""
