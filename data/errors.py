"""Refusals that are shown to people as they are."""


class RecordError(ValueError):
    """A record that cannot be kept; the message names the value and what is allowed."""


class DatabaseError(RuntimeError):
    """The database cannot be used as it is; the message says what to do."""


class NotAllowed(RecordError):
    """Something that the actor's roles do not allow; the message says what."""
