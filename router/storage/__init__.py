"""What is kept: decisions, verdicts, who may what, and who did what.

* ``database``  opens SQLite or PostgreSQL and tells failures in one sentence
* ``tables``    what lies where; ``migrations`` bring older databases up to it
* ``journal``   decisions and verdicts, append-only; texts apart, so that they can be removed
* ``audit``     administration and verdicts, chained by hash
* ``keys``, ``accounts``, ``limits``   API keys, people, how often
* ``backup``    copying a database while it is used, and putting a copy back

Decisions, verdicts and audit rows never hold text of a case; the database
itself refuses to change or delete them.
"""
