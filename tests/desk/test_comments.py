"""Comments, mentions and files: said once, kept as received, given out safely."""

from datetime import date
from uuid import uuid4

import pytest

from core.audit import SYSTEM, Actor
from core.errors import NotFound, TooLarge
from desk.models import Comment, Task
from desk.services import comments
from desk.services.tasks import AlreadyDone, finish_task, finish_tasks_about
from tests.make import make_customer, make_member

pytestmark = pytest.mark.django_db
ON = date(2026, 3, 2)


@pytest.fixture(autouse=True)
def folder(settings, tmp_path):
    settings.DATA_DIR = tmp_path


def say(text: str = "Look at this", **values):
    given = {"customer_id": make_customer().id, "object_type": "x", "object_id": uuid4(), "about": "F-1", "on": ON}
    return comments.add_comment(**(given | {"text": text, "actor": SYSTEM} | values))


def attach(name: str = "proof.pdf", content: bytes = b"%PDF-1.7 ...", **values):
    given = {"customer_id": make_customer().id, "object_type": "x", "object_id": uuid4(), "on": ON, "actor": SYSTEM}
    return comments.attach_file(file_name=name, chunks=[content[:3], content[3:]], **(given | values))


def test_a_comment_gives_each_member_mentioned_a_task_but_not_its_writer(tenant):
    writer, other, gone = make_member(), make_member(), make_member(is_active=False)

    said = say(mentions=[writer.id, other.id, gone.id, uuid4()], actor=Actor.member(writer))

    assert sorted(said.mentions) == sorted([str(writer.id), str(other.id)])
    task = Task.objects.get()
    assert (task.assignee_id, task.kind, task.values) == (other.id, "MENTION", {"about": "F-1"})


@pytest.mark.parametrize("text", ["", "  \n", "x" * 5_001])
def test_nothing_and_too_much_are_refused(tenant, text):
    with pytest.raises(comments.BadComment):
        say(text)
    assert not Comment.objects.exists()


def test_a_task_is_done_once(tenant):
    member = make_member()
    said = say(mentions=[member.id])
    task = Task.objects.get()

    finish_task(task_id=task.id, actor=Actor.member(member), on=ON)

    with pytest.raises(AlreadyDone):
        finish_task(task_id=task.id, actor=SYSTEM, on=ON)
    assert finish_tasks_about(object_id=said.object_id, actor=SYSTEM, on=ON) == 0


def test_a_file_comes_back_as_it_was(tenant):
    kept = attach(content=b"%PDF-1.7\x00\xff")

    assert comments.content_of(kept) == b"%PDF-1.7\x00\xff"
    assert kept.size == 10


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("virus.exe", b"MZ"),
        ("page.html", b"<script>"),
        ("picture.svg", b"<svg onload=x>"),
        ("proof.pdf", b"<html>"),
        ("proof.pdf", b""),
        ("photo.png", b"\xff\xd8\xff"),
        ("noending", b"%PDF-"),
    ],
)
def test_other_kinds_and_files_that_are_not_what_they_say_are_refused(tenant, tmp_path, name, content):
    with pytest.raises(comments.BadFile):
        attach(name, content)
    assert not list(tmp_path.rglob("*.*"))


def test_a_name_is_never_a_path(tenant):
    assert attach("../../etc/proof.pdf").file_name == "proof.pdf"
    assert attach("C:\\Users\\me\\proof.pdf").file_name == "proof.pdf"


def test_a_file_too_large_is_refused_while_it_comes(tenant):
    with pytest.raises(TooLarge):
        comments.attach_file(
            customer_id=make_customer().id,
            object_type="x",
            object_id=uuid4(),
            file_name="a.txt",
            chunks=iter(lambda: b"x" * 1_000_000, b""),
            on=ON,
            actor=SYSTEM,
        )


def test_the_same_file_twice_is_refused(tenant):
    first = attach()
    with pytest.raises(comments.FileTwice):
        attach(object_id=first.object_id)


def test_a_changed_file_is_not_given_out(tenant, tmp_path):
    kept = attach()
    (tmp_path / "files" / kept.path).write_bytes(b"%PDF-other")
    with pytest.raises(NotFound):
        comments.content_of(kept)
