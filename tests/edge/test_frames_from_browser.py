"""What a browser says: only what somebody does keeps a session alive."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from streamlit.proto.BackMsg_pb2 import BackMsg

from access.sockets import Frame
from views.frames_from_browser import read_frame


def message(**fields) -> bytes:
    return BackMsg(**fields).SerializeToString()


def operation(**fields) -> bytes:
    return message(backend_operation_request=fields)


FRAMES = {
    "a click": (message(rerun_script={"query_string": "patient=7"}), Frame.ACTION),
    "a page": (message(rerun_script={"page_script_hash": "a1"}), Frame.ACTION),
    "a fragment": (message(rerun_script={"fragment_id": "f"}), Frame.ACTION),
    "a timer": (
        message(rerun_script={"fragment_id": "f", "is_auto_rerun": True}),
        Frame.QUIET,
    ),
    "a sign of life": (message(app_heartbeat=True), Frame.QUIET),
    "where to upload": (message(file_urls_request={"request_id": "r"}), Frame.QUIET),
    "stop": (message(stop_script=True), Frame.QUIET),
    "more rows": (operation(dataframe_chunk={"source_id": "s"}), Frame.QUIET),
    "a file": (operation(deferred_file={"file_id": "f"}), Frame.QUIET),
    "everybody's cache": (message(clear_cache=True), Frame.UNWANTED),
    "run on save": (message(set_run_on_save=True), Frame.UNWANTED),
    "the git repository": (message(load_git_info=True), Frame.UNWANTED),
    "disconnect": (message(debug_disconnect_websocket=True), Frame.UNWANTED),
    "shut down": (message(debug_shutdown_runtime=True), Frame.UNWANTED),
    "write files": (operation(install_skills={}), Frame.UNWANTED),
    "write a marker": (operation(dismiss_skills_nudge={}), Frame.UNWANTED),
    "no operation": (operation(request_id="r"), Frame.UNWANTED),
    "nothing": (b"", Frame.UNREADABLE),
    "garbage": (b"\xff\xff\xff\xff", Frame.UNREADABLE),
    "text": (b"hello there", Frame.UNREADABLE),
    "half of a click": (
        message(rerun_script={"query_string": "patient=7"})[:-3],
        Frame.UNREADABLE,
    ),
    "a field of the future": (b"\x92\xf4\x01\x00", Frame.UNREADABLE),
}


@pytest.mark.parametrize("name", FRAMES)
def test_each_frame_is_known_for_what_it_is(name):
    data, frame = FRAMES[name]
    assert read_frame(data) is frame


def test_every_kind_that_streamlit_has_was_thought_of():
    """A new kind in a new release is dropped until somebody puts it here."""
    kinds = {field.name for field in BackMsg.DESCRIPTOR.oneofs_by_name["type"].fields}
    seen = {BackMsg.FromString(data).WhichOneof("type") for data, _ in readable()}
    assert seen == kinds


def test_every_operation_that_streamlit_has_was_thought_of():
    operations = BackMsg.DESCRIPTOR.fields_by_name["backend_operation_request"]
    payloads = operations.message_type.oneofs_by_name["payload"].fields
    messages = [BackMsg.FromString(data) for data, _ in readable()]
    seen = {m.backend_operation_request.WhichOneof("payload") for m in messages}
    assert seen - {None} == {field.name for field in payloads}


def readable():
    return [one for one in FRAMES.values() if one[1] is not Frame.UNREADABLE]


@given(st.binary(max_size=300))
def test_no_frame_raises(data):
    assert read_frame(data) in Frame
