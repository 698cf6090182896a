"""Accounts: who may be added, invited, changed and disabled; what the door compares."""

from datetime import timedelta

import pytest
from sqlalchemy import delete, select, update
from sqlalchemy.exc import DatabaseError

from data import accounts
from data.accounts import (
    INVITATION_HOURS,
    LONGEST_LOGIN,
    LONGEST_NAME,
    Account,
    accept_invitation,
    account_for_identity,
    add_account,
    change_account,
    credentials_by_id,
    credentials_of,
    disable_account,
    enable_account,
    get_account,
    has_administrator,
    invite,
    invited_account,
    join_identity,
    list_accounts,
    recovery_codes_left,
    rehash_password,
    remove_second_factor,
    set_password,
    set_recovery_codes,
    set_second_factor,
    use_recovery_code,
    use_totp_step,
)
from data.actors import ADMINISTRATOR, CLINICIAN, KIOSK, LEAD, OPERATOR, door
from data.audit import list_audit_entries
from data.database import open_database, reading, writing
from data.errors import NotAllowed, RecordError
from data.records import now_stamp
from data.sessions import find_session, start_session
from data.sites import add_site
from data.tables import FIRST_SITE, account, invitation, recovery_code
from data.tokens import token_hash
from tests.actors import TESTER, with_role


ADMIN = with_role(ADMINISTRATOR, sites=(), name="Kim")
FACTOR = {
    "secret": "JBSWY3DPEHPK3PXP",  # pragma: allowlist secret
    "step": 100,
    "code_hashes": ["a" * 64, "b" * 64],
}


class Accounts:
    """The accounts of a practice, one transaction a step."""

    def __init__(self, engine):
        self.engine = engine

    def keep(self, work, *given, actor=ADMIN, **more):
        with writing(self.engine, actor) as connection:
            return work(connection, *given, **more)

    def ask(self, work, *given, actor=ADMIN, **more):
        with reading(self.engine, actor) as connection:
            return work(connection, *given, **more)

    def at_door(self, work, *given, **more):
        return self.keep(work, *given, actor=door(), **more)

    def add(self, login="lee", **facts):
        given = {"name": "Dr Lee", "roles": [CLINICIAN], "sites": [FIRST_SITE]} | facts
        return self.keep(add_account, login=login, **given)

    def with_password(self, login="lee", **facts):
        account_id = self.add(login, **facts)
        self.at_door(set_password, account_id, f"hash of {login}")
        return account_id

    def get(self, account_id):
        return self.ask(get_account, account_id)

    def audit(self):
        entries = self.ask(lambda c: list(list_audit_entries(c)), actor=TESTER)
        return [(e.who, e.action, e.subject) for e in entries]

    def rows(self, query):
        with reading(self.engine, TESTER) as connection:
            return connection.execute(query).all()


@pytest.fixture
def practice(migrated_url):
    engine = open_database(migrated_url)
    yield Accounts(engine)
    engine.dispose()


# Adding and changing.


def test_an_account_says_who_may_sign_in_as_what_and_where(practice):
    account_id = practice.add(roles=[LEAD, CLINICIAN, LEAD])
    assert practice.get(account_id) == Account(
        id=account_id,
        login="lee",
        name="Dr Lee",
        roles=frozenset({CLINICIAN, LEAD}),
        sites=frozenset({FIRST_SITE}),
        has_password=False,
        has_second_factor=False,
        disabled=False,
    )
    assert practice.audit() == [("kim", "add", f"account {account_id}")]
    (row,) = practice.rows(select(account))
    assert row.added_by == "Kim"


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("LEE", "lee"),
        ("  lee ", "lee"),
        ("Lee@Lake.Example", "lee@lake.example"),
        ("Straße", "strasse"),
        ("Jürgen", "jürgen"),
        ("İpek", "i\u0307pek"),
        ("ΛΕΕΣ", "λεεσ"),
        ("李", "李"),
        ("x" * LONGEST_LOGIN, "x" * LONGEST_LOGIN),
    ],
)
def test_a_login_is_kept_and_found_however_it_is_written(practice, typed, kept):
    account_id = practice.add(typed)
    assert practice.get(account_id).login == kept
    for again in (typed, kept, f" {kept.upper()} "):
        found = practice.at_door(credentials_of, again)
        assert found.account_id == account_id
    with pytest.raises(RecordError, match="already"):
        practice.add(typed.swapcase())


NO_LOGINS = {
    "nothing": "",
    "spaces alone": "   ",
    "a space inside": "dr lee",
    "a space of another kind": "dr\u00a0lee",
    "a tab": "dr\tlee",
    "a line break": "lee\n\nlee",
    "a zero byte": "le\0e",
    "what no screen shows": "lee\u200b",
    "text turned round": "lee\u202e",
    "too long": "x" * (LONGEST_LOGIN + 1),
    "too long once it is small": "ß" * (LONGEST_LOGIN // 2 + 1),
    "half a character": "lee\ud800",
    # Its small letters are kept as capitals, which no database calls small.
    "letters without a small form": "\u13a0\u13a1",
}


@pytest.mark.parametrize("login", NO_LOGINS.values(), ids=NO_LOGINS)
def test_a_login_that_nobody_could_type_again_is_refused(practice, login):
    with pytest.raises(RecordError, match="is not allowed"):
        practice.add(login)
    assert practice.ask(list_accounts) == []
    assert practice.audit() == []


@pytest.mark.parametrize(
    ("typed", "kept"), [(" Dr  Lee ", "Dr Lee"), ("Zoë\tLee", "Zoë Lee"), ("李", "李")]
)
def test_a_name_is_kept_on_one_line(practice, typed, kept):
    assert practice.get(practice.add(name=typed)).name == kept


NO_NAMES = {
    "nothing": " ",
    "too long": "x" * (LONGEST_NAME + 1),
    "a zero byte": "Lee\0",
    "a command to a screen": "Lee\x1b[2J",
    "text turned round": "Lee\u202e",
    "half a character": "Lee\ud800",
}


@pytest.mark.parametrize("name", NO_NAMES.values(), ids=NO_NAMES)
def test_a_name_that_nobody_could_read_is_refused(practice, name):
    with pytest.raises(RecordError, match="is not allowed"):
        practice.add(name=name)
    account_id = practice.add()
    with pytest.raises(RecordError, match="is not allowed"):
        practice.keep(change_account, account_id, name=name)
    assert practice.get(account_id).name == "Dr Lee"


@pytest.mark.parametrize(
    ("facts", "refusal"),
    [
        ({"roles": []}, "An account needs a role; allowed: clinician, lead"),
        ({"roles": ["chief"]}, "Role 'chief' is not known; allowed: clinician"),
        ({"roles": [KIOSK]}, "Role 'kiosk' is not known"),
        ({"roles": [CLINICIAN, OPERATOR]}, "Role 'operator' is not known"),
        ({"roles": ["door"]}, "Role 'door' is not known"),
        ({"sites": [FIRST_SITE, 99]}, "There is no site 99"),
    ],
)
def test_roles_and_sites_have_to_be_known(practice, facts, refusal):
    with pytest.raises(RecordError, match=refusal):
        practice.add(**facts)
    assert practice.ask(list_accounts) == []
    account_id = practice.add()
    before = practice.get(account_id)
    with pytest.raises(RecordError, match=refusal):
        practice.keep(change_account, account_id, name="Other", **facts)
    assert practice.get(account_id) == before


def test_accounts_are_listed_by_login(practice):
    for login in ("lee", "ann", "kim"):
        practice.add(login)
    assert [one.login for one in practice.ask(list_accounts)] == ["ann", "kim", "lee"]


def test_what_is_given_changes_and_the_rest_stays(practice):
    north = practice.keep(add_site, "North")
    account_id = practice.add()
    practice.keep(change_account, account_id, roles=[LEAD], sites=[north])
    found = practice.get(account_id)
    assert (found.name, found.roles, found.sites) == ("Dr Lee", {LEAD}, {north})
    practice.keep(change_account, account_id, name="Dr Ann Lee", sites=[])
    found = practice.get(account_id)
    assert (found.name, found.roles, found.sites) == ("Dr Ann Lee", {LEAD}, set())
    assert practice.audit()[-1] == ("kim", "change", f"account {account_id}")


@pytest.mark.parametrize(
    "work", [get_account, change_account, disable_account, enable_account, invite]
)
def test_an_account_that_is_not_there_is_named(practice, work):
    with pytest.raises(RecordError, match="There is no account 99"):
        practice.keep(work, 99)


def test_an_account_is_disabled_and_its_sessions_end(practice):
    account_id = practice.with_password()
    token = practice.at_door(start_session, account_id=account_id)
    practice.keep(disable_account, account_id)
    assert practice.get(account_id).disabled
    assert practice.at_door(find_session, token) is None
    assert practice.at_door(credentials_of, "lee") is None
    assert practice.at_door(credentials_by_id, account_id) is None
    practice.keep(enable_account, account_id)
    # pragma: allowlist nextline secret
    assert practice.at_door(credentials_of, "lee").password_hash == "hash of lee"
    assert practice.at_door(find_session, token) is None
    done = [action for _, action, _ in practice.audit()]
    assert done == ["add", "set password", "disable", "enable"]


@pytest.mark.parametrize("work", [delete(account), delete(account).where(False)])
def test_an_account_is_never_removed(practice, work):
    practice.add()
    if "WHERE" in str(work):
        practice.keep(lambda c: c.execute(work), actor=TESTER)
    else:
        with pytest.raises(DatabaseError, match="account"):
            practice.keep(lambda c: c.execute(work), actor=TESTER)
    assert len(practice.ask(list_accounts)) == 1


# Administrators.


@pytest.mark.parametrize(
    "work",
    [
        lambda c, one: disable_account(c, one),
        lambda c, one: change_account(c, one, roles=[CLINICIAN, LEAD]),
    ],
    ids=["disable", "another role"],
)
def test_the_last_administrator_stays_one(practice, work):
    first = practice.with_password("ann", roles=[ADMINISTRATOR])
    with pytest.raises(RecordError, match="the last administrator"):
        practice.keep(work, first)
    assert practice.get(first).roles == {ADMINISTRATOR}
    assert not practice.get(first).disabled
    second = practice.with_password("kim", roles=[ADMINISTRATOR, LEAD])
    practice.keep(work, first)
    with pytest.raises(RecordError, match="the last administrator"):
        practice.keep(work, second)


def test_where_nobody_manages_yet_accounts_may_change(practice):
    account_id = practice.add()
    practice.keep(change_account, account_id, roles=[LEAD])
    practice.keep(disable_account, account_id)
    assert practice.get(account_id).disabled


@pytest.mark.parametrize(
    ("steps", "able"),
    [
        ([], False),
        (["password"], True),
        (["identity"], True),
        (["password", "invite"], False),
        (["password", "other role"], False),
        (["password", "disable"], False),
        (["password", "disable", "enable"], True),
    ],
)
def test_somebody_manages_who_can_sign_in_as_administrator(practice, steps, able):
    practice.with_password("clinician")
    assert not practice.at_door(has_administrator)
    account_id = practice.add(roles=[ADMINISTRATOR])
    practice.add("other", roles=[ADMINISTRATOR])
    done = {
        "password": lambda c: set_password(c, account_id, "hash"),
        "identity": lambda c: join_identity(c, account_id, "issuer", "subject"),
        "invite": lambda c: invite(c, account_id),
        "other role": lambda c: change_account(c, account_id, roles=[LEAD]),
        "disable": lambda c: disable_account(c, account_id),
        "enable": lambda c: enable_account(c, account_id),
    }
    for step in steps:
        practice.keep(done[step], actor=TESTER)
    assert practice.at_door(has_administrator) is able


# Invitations.


def test_an_invitation_sets_the_first_password_once(practice):
    account_id = practice.add()
    token = practice.keep(invite, account_id)
    assert practice.at_door(invited_account, token).id == account_id
    assert practice.at_door(accept_invitation, token, "first") == account_id
    assert practice.get(account_id).has_password
    assert practice.at_door(invited_account, token) is None
    with pytest.raises(RecordError, match="used or has expired"):
        practice.at_door(accept_invitation, token, "second")
    # pragma: allowlist nextline secret
    assert practice.at_door(credentials_of, "lee").password_hash == "first"
    (row,) = practice.rows(select(invitation))
    assert row.token_hash == token_hash(token)


def test_it_lasts_three_days(practice, monkeypatch):
    account_id = practice.add()
    token, now = practice.keep(invite, account_id), now_stamp()
    last = now + timedelta(hours=INVITATION_HOURS)
    (row,) = practice.rows(select(invitation))
    assert timedelta(0) <= last - row.expires_at < timedelta(minutes=1)
    monkeypatch.setattr(
        accounts, "now_stamp", lambda: row.expires_at - timedelta(seconds=1)
    )
    assert practice.at_door(invited_account, token)
    monkeypatch.setattr(accounts, "now_stamp", lambda: row.expires_at)
    assert practice.at_door(invited_account, token) is None
    with pytest.raises(RecordError, match="used or has expired"):
        practice.at_door(accept_invitation, token, "late")


def test_a_new_one_ends_the_old_and_all_ways_in_so_far(practice):
    account_id = practice.with_password()
    practice.at_door(set_second_factor, account_id, **FACTOR)
    session = practice.at_door(start_session, account_id=account_id)
    first = practice.keep(invite, account_id)
    second = practice.keep(invite, account_id)
    found = practice.get(account_id)
    assert (found.has_password, found.has_second_factor) == (False, False)
    assert practice.rows(select(recovery_code)) == []
    assert practice.at_door(find_session, session) is None
    assert practice.at_door(invited_account, first) is None
    assert practice.at_door(invited_account, second).id == account_id
    other = practice.keep(invite, practice.add("kim"))
    assert practice.at_door(invited_account, second), "another's changes nothing"
    assert other != second


def test_a_disabled_account_is_not_invited_in(practice):
    account_id = practice.add()
    token = practice.keep(invite, account_id)
    practice.keep(disable_account, account_id)
    assert practice.at_door(invited_account, token) is None
    with pytest.raises(RecordError, match="used or has expired"):
        practice.at_door(accept_invitation, token, "hash")
    assert not practice.get(account_id).has_password


@pytest.mark.parametrize("other", ["", "x" * 43])
def test_no_other_token_is_an_invitation(practice, other):
    token = practice.keep(invite, practice.add())
    for given in (other, token[:-1], token.swapcase(), token_hash(token)):
        assert practice.at_door(invited_account, given) is None


# Passwords and second factors.


def test_the_door_compares_with_what_is_kept(practice):
    account_id = practice.with_password()
    found = practice.at_door(credentials_of, "lee")
    assert found == practice.at_door(credentials_by_id, account_id)
    assert (found.account_id, found.login, found.name) == (account_id, "lee", "Dr Lee")
    assert (found.password_hash, found.totp_secret) == ("hash of lee", None)
    practice.at_door(set_second_factor, account_id, **FACTOR)
    found = practice.at_door(credentials_of, "lee")
    assert (found.totp_secret, found.totp_step) == (FACTOR["secret"], 100)
    assert practice.at_door(credentials_of, "nobody") is None
    assert practice.at_door(credentials_by_id, 99) is None


def test_a_newer_kind_of_hash_is_no_new_password(practice):
    account_id = practice.with_password()
    dated = select(account.c.password_set_at)
    earlier = now_stamp() - timedelta(days=9)
    practice.keep(
        lambda c: c.execute(update(account).values(password_set_at=earlier)),
        actor=TESTER,
    )
    noted = practice.audit()
    practice.at_door(rehash_password, account_id, "newer")
    # pragma: allowlist nextline secret
    assert practice.at_door(credentials_of, "lee").password_hash == "newer"
    assert practice.rows(dated) == [(earlier,)]
    assert practice.audit() == noted
    practice.at_door(set_password, account_id, "another")
    assert practice.rows(dated) != [(earlier,)]


def test_a_time_step_is_used_once_and_none_before_it(practice):
    account_id = practice.add()
    other = practice.add("kim")
    practice.at_door(set_second_factor, account_id, **FACTOR)
    steps = [100, 99, 101, 101, 100, 103, 102]
    used = [practice.at_door(use_totp_step, account_id, step) for step in steps]
    assert used == [False, False, True, False, False, True, False]
    assert practice.at_door(use_totp_step, other, 1)
    assert practice.at_door(credentials_of, "lee").totp_step == 103


def test_a_recovery_code_is_used_once_and_by_its_account_alone(practice):
    account_id, other = practice.add(), practice.add("kim")
    practice.at_door(set_second_factor, account_id, **FACTOR)
    first, second = FACTOR["code_hashes"]
    assert not practice.at_door(use_recovery_code, other, first)
    assert not practice.at_door(use_recovery_code, account_id, "c" * 64)
    assert practice.ask(recovery_codes_left, account_id, actor=door()) == 2
    assert practice.at_door(use_recovery_code, account_id, first)
    assert not practice.at_door(use_recovery_code, account_id, first)
    assert practice.ask(recovery_codes_left, account_id, actor=door()) == 1
    assert practice.at_door(use_recovery_code, account_id, second)
    used = [entry for entry in practice.audit() if entry[1] == "use recovery code"]
    assert used == [("door", "use recovery code", f"account {account_id}")] * 2


def test_new_recovery_codes_take_the_place_of_used_and_unused_ones(practice):
    account_id, other = practice.add(), practice.add("kim")
    practice.at_door(set_second_factor, account_id, **FACTOR)
    practice.at_door(set_recovery_codes, other, ["d" * 64])
    practice.at_door(use_recovery_code, account_id, "a" * 64)
    practice.at_door(set_recovery_codes, account_id, ["c" * 64])
    for code, good in (("a", False), ("b", False), ("c", True)):
        assert practice.at_door(use_recovery_code, account_id, code * 64) is good
    assert practice.ask(recovery_codes_left, other, actor=door()) == 1


def test_a_second_factor_is_removed_with_all_that_belongs_to_it(practice):
    account_id = practice.add()
    practice.at_door(set_second_factor, account_id, **FACTOR)
    assert practice.get(account_id).has_second_factor
    practice.at_door(remove_second_factor, account_id)
    found = practice.at_door(credentials_of, "lee")
    assert (found.totp_secret, found.totp_step) == (None, None)
    assert practice.ask(recovery_codes_left, account_id, actor=door()) == 0
    done = [action for _, action, _ in practice.audit()]
    assert done == ["add", "set second factor", "remove second factor"]


OWN = {
    "read it": lambda c, one: get_account(c, one),
    "compare": lambda c, one: credentials_by_id(c, one),
    "password": lambda c, one: set_password(c, one, "hash"),
    "second factor": lambda c, one: set_second_factor(c, one, **FACTOR),
    "no second factor": lambda c, one: remove_second_factor(c, one),
    "recovery codes": lambda c, one: set_recovery_codes(c, one, ["e" * 64]),
    "how many": lambda c, one: recovery_codes_left(c, one),
}


@pytest.mark.parametrize("role", [CLINICIAN, LEAD, ADMINISTRATOR])
@pytest.mark.parametrize("work", OWN.values(), ids=OWN)
def test_everybody_changes_the_own_account_and_nobody_anothers(practice, work, role):
    own, other = practice.add(), practice.add("kim")
    actor = with_role(role, account_id=own)
    practice.keep(work, own, actor=actor)
    if role == ADMINISTRATOR and work is OWN["read it"]:
        practice.keep(work, other, actor=actor)
        return
    before = practice.rows(select(account).where(account.c.id == other))
    with pytest.raises(NotAllowed):
        practice.keep(work, other, actor=actor)
    assert practice.rows(select(account).where(account.c.id == other)) == before


# Identities at another provider.


def test_an_identity_enters_one_account(practice):
    account_id, other = practice.add(), practice.add("kim")
    practice.at_door(join_identity, account_id, "https://one.example", "u1")
    practice.at_door(join_identity, account_id, "https://two.example", "u1")
    for issuer in ("https://one.example", "https://two.example"):
        found = practice.at_door(account_for_identity, issuer, "u1")
        assert found.id == account_id
    for issuer, subject in [
        ("https://one.example", "u2"),
        ("https://one.example", "U1"),
        ("https://one.example/", "u1"),
        ("https://three.example", "u1"),
    ]:
        assert practice.at_door(account_for_identity, issuer, subject) is None
    with pytest.raises(DatabaseError, match="external_identity"):
        practice.at_door(join_identity, other, "https://one.example", "u1")
    practice.keep(disable_account, account_id)
    found = practice.at_door(account_for_identity, "https://one.example", "u1")
    assert found.disabled, "known, so that no second account is made for it"


# What is never told.


def test_the_audit_and_the_accounts_show_no_secret(practice):
    account_id = practice.with_password()
    practice.at_door(set_second_factor, account_id, **FACTOR)
    token = practice.keep(invite, account_id)
    practice.at_door(accept_invitation, token, "hash of another")
    told = repr(practice.audit()) + repr(practice.ask(list_accounts))
    for secret in ("hash of", FACTOR["secret"], "a" * 64, token, token_hash(token)):
        assert secret not in told
