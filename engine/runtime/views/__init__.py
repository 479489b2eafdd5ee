"""Queries made for pages, each fed by several rooms and by few statements. They read and change nothing."""

from engine.runtime.views.case_list import CaseList, CaseRow, Cases
from engine.runtime.views.case_page import CasePage, CaseStory, Post, Waiting
from engine.runtime.views.common import PAGE
from engine.runtime.views.events import Happened
from engine.runtime.views.posts import MailById, MailPage, MailRow, Mails
from engine.runtime.views.processes import Diagram, Process, Processes, ProcessPage, ProcessRow, Version
from engine.runtime.views.search import HistorySearch, Trace
from engine.runtime.views.stores import DataStoreByName, DataStores, StorePage, StoreRow, Writing
from engine.runtime.views.story import Event, Story
from engine.runtime.views.troubles import Trouble, TroubleById, TroublePage, Troubles
from engine.runtime.views.walk import CaseWalk, Walk
from engine.runtime.views.year import Answer, Year, YearStory, YearTask

__all__ = [
    "PAGE",
    "Answer",
    "CaseList",
    "CasePage",
    "CaseRow",
    "CaseStory",
    "CaseWalk",
    "Cases",
    "DataStoreByName",
    "DataStores",
    "Diagram",
    "Event",
    "Happened",
    "HistorySearch",
    "MailById",
    "MailPage",
    "MailRow",
    "Mails",
    "Post",
    "Process",
    "ProcessPage",
    "ProcessRow",
    "Processes",
    "StorePage",
    "StoreRow",
    "Story",
    "Trace",
    "Trouble",
    "TroubleById",
    "TroublePage",
    "Troubles",
    "Version",
    "Waiting",
    "Walk",
    "Writing",
    "Year",
    "YearStory",
    "YearTask",
]
