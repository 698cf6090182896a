"""Everything that is shown of one course, read once."""

from dataclasses import dataclass

from analysis.after_induction import with_turns
from analysis.trajectory import Point, Trajectory, course_trajectories
from data.assessments import Assessment, list_assessments
from data.database import Connection
from data.events import Event, list_events
from data.frames import baseline_ids, induction_infusions
from data.infusions import Infusion, list_infusions
from data.patients import Course
from data.sites import may_record_for


@dataclass(frozen=True)
class CourseRecord:
    """Everything that is shown of one course."""

    course: Course
    forms: dict[int, Assessment]
    infusions: list[Infusion]
    induction: int
    """How many of the infusions are induction."""
    events: list[Event]
    trajectories: dict[str, Trajectory]
    may_record: bool = False
    """Whether the visitor may write in it, and not only read."""

    @property
    def points(self) -> list[Point]:
        """Every form, the latest first."""
        points = [p for t in self.trajectories.values() for p in t.points]
        return sorted(points, key=lambda p: (p.completed_at, p.id), reverse=True)


def load_course(connection: Connection, course: Course) -> CourseRecord:
    """Read one course."""
    forms = list_assessments(connection, course.id)
    infusions = list_infusions(connection, course.id)
    induction = induction_infusions(connection, course.id)
    found = course_trajectories(forms, infusions, baseline_ids(connection, course.id))
    return CourseRecord(
        course=course,
        forms={form.id: form for form in forms},
        infusions=infusions,
        induction=induction,
        events=list_events(connection, course.id),
        trajectories={
            code: with_turns(trajectory, induction)
            for code, trajectory in found.items()
        },
        may_record=may_record_for(connection, course.patient_id),
    )
