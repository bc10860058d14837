"""The English texts by code, collected from one module per package."""

from __future__ import annotations

from pgplay.locale.english.app import APP_ERRORS
from pgplay.locale.english.cli import COMMAND_ERRORS
from pgplay.locale.english.config import CONFIG_ERRORS
from pgplay.locale.english.engines import ENGINE_ERRORS
from pgplay.locale.english.experiments import COMPARISONS, EXPERIMENT_ERRORS
from pgplay.locale.english.export import EXPORT_ERRORS
from pgplay.locale.english.files import FILE_ERRORS
from pgplay.locale.english.findings import FINDINGS
from pgplay.locale.english.first_look import FIRST_LOOK
from pgplay.locale.english.general import GENERAL_ERRORS
from pgplay.locale.english.guide import GUIDE
from pgplay.locale.english.kinds import KINDS
from pgplay.locale.english.learning import LEARNING_ERRORS
from pgplay.locale.english.library import DAMAGE, LIBRARY_ERRORS
from pgplay.locale.english.policies import POLICY_ERRORS
from pgplay.locale.english.rewards import PYTHON_REWARDS, REWARD_ERRORS
from pgplay.locale.english.runs import RUN_ERRORS
from pgplay.locale.english.ssh import SSH_ERRORS
from pgplay.locale.english.tasks import TASK_ERRORS
from pgplay.locale.english.tokenizers import TOKEN_ERRORS
from pgplay.locale.english.trl import TRL_TEXTS
from pgplay.locale.english.verdicts import VERDICTS
from pgplay.locale.english.worker import WORKER_ERRORS

ENGLISH: dict[str, str] = {
    **FINDINGS,
    **FIRST_LOOK,
    **VERDICTS,
    **GUIDE,
    **KINDS,
    **GENERAL_ERRORS,
    **CONFIG_ERRORS,
    **FILE_ERRORS,
    **TASK_ERRORS,
    **TOKEN_ERRORS,
    **POLICY_ERRORS,
    **LEARNING_ERRORS,
    **REWARD_ERRORS,
    **PYTHON_REWARDS,
    **LIBRARY_ERRORS,
    **DAMAGE,
    **RUN_ERRORS,
    **COMPARISONS,
    **EXPERIMENT_ERRORS,
    **EXPORT_ERRORS,
    **TRL_TEXTS,
    **WORKER_ERRORS,
    **ENGINE_ERRORS,
    **SSH_ERRORS,
    **COMMAND_ERRORS,
    **APP_ERRORS,
}
"""A text in a few words, or in whole sentences, for each code."""
