"""Where courses were given, for telling sites apart."""

import pandas as pd
from sqlalchemy import Connection, select

from data.actors import Right, require
from data.frames import read_frame
from data.tables import course, site


def course_sites_frame(connection: Connection) -> pd.DataFrame:
    """Return every course with the name of the site at which it was opened.

    A patient who moved to another site later leaves the course where it was given.

    Returns
    -------
    pandas.DataFrame
        ``course_id`` and ``site``.
    """
    require(connection, Right.READ_OUTCOMES)
    query = select(course.c.id.label("course_id"), site.c.name.label("site"))
    return read_frame(connection, query.join(site, site.c.id == course.c.site_id))
