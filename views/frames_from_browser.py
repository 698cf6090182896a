"""What a browser says over its socket, in Streamlit's own format.

The gate asks this of every frame. It decides what keeps a session alive, so a frame
that cannot be read counts as nobody's doing: were it the other way, a change in
Streamlit's format would let an unattended screen stay signed in, and nobody would
notice. This way everybody is signed out too early, which everybody notices.
"""

from google.protobuf.message import DecodeError
from streamlit.proto.BackMsg_pb2 import BackMsg

from access.sockets import Frame


# A page that waits for its rows or its file, and the browser's signs of life.
_QUIET = frozenset({"app_heartbeat", "file_urls_request", "stop_script"})
_QUIET_OPERATIONS = frozenset({"dataframe_chunk", "deferred_file"})


def read_frame(data: bytes) -> Frame:
    """Return what a frame is.

    A rerun is somebody's doing unless a timer asked for it (``st.fragment`` with
    ``run_every``). Streamlit would also clear everybody's cache, or write files into
    the installation, for whoever asks; no page of ours does.
    """
    message = BackMsg()
    try:
        message.ParseFromString(data)
    except DecodeError:
        return Frame.UNREADABLE
    kind = message.WhichOneof("type")
    if kind is None:
        return Frame.UNREADABLE
    if kind == "rerun_script":
        return Frame.QUIET if message.rerun_script.is_auto_rerun else Frame.ACTION
    return Frame.QUIET if _is_quiet(message, kind) else Frame.UNWANTED


def _is_quiet(message: BackMsg, kind: str) -> bool:
    if kind == "backend_operation_request":
        operation = message.backend_operation_request.WhichOneof("payload")
        return operation in _QUIET_OPERATIONS
    return kind in _QUIET
