"""One task: its form beside its story; taken, released, handed on, saved as one types, and done."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, flash, jsonify, redirect, render_template, request, url_for
from flask_babel import gettext

from engine import (
    ClaimTask,
    Comment,
    CompleteTask,
    DelegateTask,
    PeopleHolding,
    ReleaseTask,
    SaveDraft,
    TaskById,
)
from engine.errors import Conflict, Guarded, Invalid, NotAllowed, NotFound, Refused, Unsure
from engine.forms import Form
from engine.runtime.opened import OpenedTask, TaskPage
from web import assess, forms, labels
from web.answers import told
from web.door import actor, ask, do, now
from web.errors import sentence, unsure_whether
from web.formats import local
from web.security import SIGNED_IN, allow, local_path, wants_json

tasks = Blueprint("tasks", __name__, url_prefix="/tasks")
NO_FORM = Form(())


@tasks.get("/<int:task_id>")
@allow(SIGNED_IN)
def show(task_id: int) -> Any:
    opened = ask(TaskPage(task_id))
    return _page(opened, forms.initial_answers(opened.detail.form or NO_FORM, opened.detail.variables, _draft(opened)))


@tasks.post("/<int:task_id>/complete")
@allow(SIGNED_IN)
def complete(task_id: int) -> Any:
    opened = ask(TaskPage(task_id))
    form = opened.detail.form or NO_FORM
    answers: dict[str, Any] = {}
    try:
        answers = assess.tidied(opened.detail, forms.answers_sent(form))
        grow, without = forms.wanted_rows()
        if grow or without:
            forms.leave_out(answers, without or "")
            return _page(opened, answers, grow=grow)
        do(CompleteTask(task_id, answers))
    except Invalid as invalid:
        return _page(opened, answers, errors=forms.first_sentences(invalid.fields)), 422
    except Guarded as guarded:
        return _page(opened, forms.masked(answers), errors=forms.first_sentences(guarded.fields)), 422
    except Conflict as conflict:
        return _overtaken(task_id, form, answers, conflict)
    except NotAllowed as refused:
        return _page(opened, answers, errors={"": sentence(refused)}), 403
    except Unsure:
        return _page(opened, answers, errors={"": unsure_whether()}), 503
    flash(gettext("Klart: %(task)s.", task=opened.task.name) + (f" {opened.confirm}" if opened.confirm else ""), "ok")
    if opened.why and opened.why.role.startswith("rapportor_"):
        # Whoever reports wants the number, and to know when to hear.
        return redirect(url_for("start.receipt", case_id=opened.case.id), 303)
    return redirect(_next(), 303)


@tasks.post("/<int:task_id>/draft")
@allow(SIGNED_IN)
def save_draft(task_id: int) -> Any:
    """What has been typed so far. The first keystroke takes a free task, and says so."""
    opened = ask(TaskPage(task_id))
    answers = assess.tidied(opened.detail, forms.answers_sent(opened.detail.form or NO_FORM))
    try:
        do(SaveDraft(task_id, answers))
    except Guarded as guarded:
        if wants_json():
            return jsonify(message=sentence(guarded)), 422
        return _page(opened, forms.masked(answers), errors=forms.first_sentences(guarded.fields)), 422
    message = _take_quietly(opened)
    if wants_json():
        if opened.is_open and message is None and not is_free_for_me(opened):
            return jsonify(message=_held_by_other(opened)), 409
        return jsonify(saved=f"{local(now()):%H:%M}", message=message)
    flash(gettext("Utkastet är sparat. Bara du ser det."), "ok")
    return redirect(url_for("tasks.show", task_id=task_id, next=_next_given()), 303)


def _take_quietly(opened: OpenedTask) -> str | None:
    if not (opened.may_do and opened.task.assignee is None):
        return None
    try:
        do(ClaimTask(opened.task.id))
    except (Conflict, NotAllowed):
        return None  # the draft is kept all the same; finishing the task will say who was faster
    return gettext("Du har tagit uppgiften.")


def is_free_for_me(opened: OpenedTask) -> bool:
    return opened.may_do and opened.task.assignee in (None, actor().person_id)


def _held_by_other(opened: OpenedTask) -> str:
    name = opened.task.assignee_name or ""
    return gettext("%(name)s har tagit uppgiften. Din text är sparad som utkast.", name=name)


@tasks.post("/<int:task_id>/claim")
@allow(SIGNED_IN)
def claim(task_id: int) -> Any:
    return _move(ClaimTask(task_id), gettext("Du har tagit uppgiften."))


@tasks.post("/<int:task_id>/release")
@allow(SIGNED_IN)
def release(task_id: int) -> Any:
    return _move(ReleaseTask(task_id), gettext("Uppgiften är släppt. Den ligger kvar i rollens inkorg."))


@tasks.get("/<int:task_id>/delegate")
@allow(SIGNED_IN)
def choose_person(task_id: int) -> Any:
    detail = ask(TaskById(task_id))
    task = detail.task
    people = [one for one in ask(PeopleHolding(task.candidates)) if one.id not in (task.assignee, actor().person_id)]
    return render_template("task/delegate.html", task=task, case=detail.case, people=people)


@tasks.post("/<int:task_id>/delegate")
@allow(SIGNED_IN)
def delegate(task_id: int) -> Any:
    person_id = request.form.get("person", type=int)
    if person_id is None:
        flash(gettext("Välj vem som ska ta över uppgiften."), "late")
        return redirect(url_for("tasks.choose_person", task_id=task_id), 303)
    return _move(DelegateTask(task_id, person_id), gettext("Uppgiften är överlämnad."))


@tasks.post("/<int:task_id>/comment")
@allow(SIGNED_IN)
def add_comment(task_id: int) -> Any:
    detail = ask(TaskById(task_id))
    text = request.form.get("comment", "").strip()
    try:
        if not text:
            raise Invalid("Expected a comment, but it is empty.", "Skriv en kommentar först.", fields={"comment": ""})
        do(Comment(detail.case.id, text, task_id))
        flash(gettext("Kommentaren är sparad."), "ok")
    except (Guarded, Invalid) as refused:
        flash(sentence(refused), "late")
    return redirect(url_for("tasks.show", task_id=task_id, next=_next_given()) + "#comments", 303)


# --- pages -----------------------------------------------------------------------------------------------------------


def _page(
    opened: OpenedTask, answers: Mapping[str, Any], errors: Mapping[str, str] | None = None, grow: str | None = None
) -> str:
    detail = opened.detail
    context = labels.form_context(detail.variables)
    form = detail.form or NO_FORM
    may_fill = is_free_for_me(opened)
    fields = forms.draw(form, context, answers, errors, grow) if may_fill else []
    return render_template(
        "task/show.html",
        opened=opened,
        task=opened.task,
        case=opened.case,
        variables=detail.variables,
        may_fill=may_fill,
        fields=fields,
        answers=answers,
        errors=assess.named(detail, forms.placed(errors or {}, fields)),
        submit=form.submit or gettext("Klar"),
        labels=forms.submit_labels(form, context),
        views=assess.views_of(detail),
        why=labels.why_mine(opened.why, opened.task.assignee == actor().person_id),
        story=[(one, told(one.form, one.answers, context)) for one in opened.story if one.form],
        back=_next_given() or url_for("inbox.index"),
        next=_next_given(),
    )


def _draft(opened: OpenedTask) -> Mapping[str, Any] | None:
    return opened.detail.draft.data if opened.detail.draft else None


def _overtaken(task_id: int, form: Form, answers: Mapping[str, Any], conflict: Conflict) -> Any:
    """Somebody was faster: who and when, and what was typed stays to be read and copied."""
    opened = ask(TaskPage(task_id))
    typed = told(form, answers, labels.form_context(opened.detail.variables))
    return render_template(
        "task/overtaken.html", task=opened.task, case=opened.case, told=sentence(conflict), typed=typed
    ), 409


def _move(command: Any, done: str) -> Any:
    try:
        do(command)
        flash(done, "ok")
    except NotFound:
        raise
    except Refused as refused:
        if wants_json():
            raise
        flash(sentence(refused), "late")
    return redirect(_next(), 303)


def _next_given() -> str | None:
    """Where to go back to: told by the form or the address; a pane in the inbox tells its page by htmx."""
    given = request.form.get("next") or request.args.get("next") or request.headers.get("HX-Current-URL")
    path = local_path(given, "")
    return path if path.startswith("/inbox") else None


def _next() -> str:
    return local_path(request.form.get("next"), "") or _next_given() or url_for("inbox.index")
