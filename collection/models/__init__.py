"""Whom do we chase, when, how? Scenarios with dated versions, actions of a day, calls and notes."""

from collection.models.actions import Action, ActionLine
from collection.models.assignment import AssignmentRule, RuleSet, ScenarioOverride
from collection.models.causes import CauseRule
from collection.models.claims import Claim, LateTerms, ReferenceRate
from collection.models.interactions import Escalation, Interaction
from collection.models.legal import Agency, LegalCase, LegalCaseItem, LegalCost
from collection.models.losses import (
    ProvisionOverride,
    ProvisionRate,
    WriteOff,
    WriteOffItem,
    WriteOffLimit,
)
from collection.models.scenarios import DateRange, GoLiveApproval, ItemPin, Scenario, ScenarioVersion, Step
from collection.models.terminal import DeliveryStop, FormalNotice, TerminalSettings
from collection.models.trials import Trial

__all__ = [
    "Action",
    "ActionLine",
    "Agency",
    "AssignmentRule",
    "CauseRule",
    "Claim",
    "DateRange",
    "DeliveryStop",
    "Escalation",
    "FormalNotice",
    "GoLiveApproval",
    "Interaction",
    "ItemPin",
    "LateTerms",
    "LegalCase",
    "LegalCaseItem",
    "LegalCost",
    "ProvisionOverride",
    "ProvisionRate",
    "ReferenceRate",
    "RuleSet",
    "Scenario",
    "ScenarioOverride",
    "ScenarioVersion",
    "Step",
    "TerminalSettings",
    "Trial",
    "WriteOff",
    "WriteOffItem",
    "WriteOffLimit",
]
