"""The way to the service: clients, jobs and their ledger, HTTP.

The clients and what they give are tables; :mod:`twlab.service.jobs` and :mod:`twlab.service.http`
below them know none.
"""
