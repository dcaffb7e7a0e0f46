"""Paid jobs from claim to answer, across crashes: ledger, uploads, answers. No tables."""
