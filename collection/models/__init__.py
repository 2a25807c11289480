"""Whom do we chase, when, how? Scenarios with dated versions, actions of a day, calls and notes."""

from collection.models.actions import Action, ActionLine
from collection.models.assignment import AssignmentRule, RuleSet, ScenarioOverride
from collection.models.claims import Claim, LateTerms, ReferenceRate
from collection.models.interactions import Escalation, Interaction
from collection.models.scenarios import DateRange, GoLiveApproval, ItemPin, Scenario, ScenarioVersion, Step

__all__ = [
    "Action",
    "ActionLine",
    "AssignmentRule",
    "Claim",
    "DateRange",
    "Escalation",
    "GoLiveApproval",
    "Interaction",
    "ItemPin",
    "LateTerms",
    "ReferenceRate",
    "RuleSet",
    "Scenario",
    "ScenarioOverride",
    "ScenarioVersion",
    "Step",
]
