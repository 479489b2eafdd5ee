"""Every table of the house: importing this makes `db.metadata` whole, for the migrations and their test."""

import engine.cases.tables
import engine.data_stores
import engine.definitions.tables
import engine.history.tables
import engine.identity.tables
import engine.jobs.tables
import engine.reference
import engine.runtime.inbox
import engine.settings.stored  # noqa: F401
from engine.db import metadata

__all__ = ["metadata"]
