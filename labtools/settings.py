"""``lab.toml``, read once, checked, frozen, and passed down."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field

from labtools.errors import SettingsError
from labtools.forms import (
    Beside,
    CodeInMetres,
    Day,
    FileFormat,
    Month,
    Part,
    Slug,
    Zone,
    read_checked,
)
from labtools.messages import mark
from labtools.paths import Workbench

#: The register of colonias goes by this name beside the sources.
REGISTER = "colonias"


class Lab(Part):
    """Who and where.

    Attributes
    ----------
    name : str
        Name of the lab, as printed on its pages.
    municipality, municipality_id : str
        Name, and INEGI key (five digits).
    perception_city : str
        Name of the city in the surveys of perception, where it differs from `municipality`.
    crs : str
        Projected coordinate reference system for areas and distances, in metres.
    seed : int
        Seed of every random number of a run.
    contact : str
        Where anyone asks for a correction, or exercises the rights of access, rectification,
        cancellation and opposition (ARCO): an office, a telephone, an e-mail.  It stands on every
        public page.
    """

    name: str
    municipality: str
    perception_city: str = ""
    municipality_id: Annotated[str, Field(pattern=r"^\d{2,5}$")]
    crs: CodeInMetres = "EPSG:6372"
    seed: int = 2026
    contact: str = ""


class Database(Part):
    """A table (or a view) of a PostgreSQL database in place of a file.

    Attributes
    ----------
    connection : str
        Environment variable that holds how to connect (``service=…``, ``postgresql://…``): no
        password stands in any file of a workbench.
    table : str
        ``schema.table``.
    geometry : str
        PostGIS column of the points of events, or of the polygons of areas.
    columns : list of str
        Columns to read beside those that the descriptor names (the months of SESNSP's table).
    """

    connection: Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9_]*$")]
    table: Annotated[str, Field(pattern=r"^[^.\s]+(\.[^.\s]+)?$")]
    geometry: str = ""
    columns: tuple[str, ...] = ()


class FileOf(Part):
    """A supplier's file: where it is, who describes it, until when it speaks.

    Attributes
    ----------
    path : Path
        File, relative to the workbench; with a `database`, the name that its table is kept under.
    descriptor : str
        Name of the descriptor in ``data/sources/`` (of the workbench or of the package).
    cutoff : str
        Date on which the supplier cut the data, ISO.
    first_day : str, optional
        First day that the file speaks of, ISO; earlier events are not accepted.
    columns : dict
        Our column → the supplier's column, where this file differs from its descriptor.
    tokens : dict
        Text that this file writes in place of a number → why the number is missing.
    where : dict
        Supplier's column → value: read only these rows or features (one municipality of a
        state's file); a value may end in ``*``.
    empty_months : list of str
        Months (2024-05) in which truly nothing happened, so that the file has no row of them.
    acknowledged : dict
        Edition (its name, or the date it begins with) whose figures jumped → what the publisher
        answered; without it nothing is published.
    file : FileFormat, optional
        How this file is to be read, where it differs from its descriptor: only the entries that
        are written here count (``file = { format = "xlsx", sheet = "Hoja1" }``).
    beside : list of Beside
        Tables of the same ZIP that are joined to it, after those of its descriptor.
    database : Database, optional
        Table that is read in place of a file.
    """

    path: Path
    descriptor: Slug
    cutoff: Day
    first_day: Day | None = None
    columns: dict[str, str] = Field(default_factory=dict)
    tokens: dict[str, str] = Field(default_factory=dict)
    where: dict[str, str] = Field(default_factory=dict)
    empty_months: tuple[Month, ...] = ()
    acknowledged: dict[str, str] = Field(default_factory=dict)
    file: FileFormat | None = None
    beside: tuple[Beside, ...] = ()
    database: Database | None = None


class Source(FileOf):
    """A supplier's file with a name of its own in this workbench."""

    name: Slug


class Register(FileOf):
    """The register of colonias.

    Attributes
    ----------
    population : {"register", "census"}
        Whether residents come from the register's own column or from the census.
    """

    population: Literal["register", "census"] = "register"


class Disclosure(Part):
    """Floors below which nothing is shown about a colonia to the public.

    Attributes
    ----------
    minimum_population, minimum_dwellings : int
        A colonia with fewer has no public figures (it stays in every total).
    minimum_respondents : int
        A survey estimate from fewer people is not shown.
    """

    minimum_population: Annotated[int, Field(ge=0)] = 500
    minimum_dwellings: Annotated[int, Field(ge=3)] = 3
    minimum_respondents: Annotated[int, Field(ge=10)] = 30


class Survey(Part):
    """How the lab's own survey goes out.

    Attributes
    ----------
    answering : float
        Of the people chosen for an interview, the share who give one: plans of the next wave
        choose as many more.
    margins : list of "borough"
        Of what the register knows how many live where: weights of each wave are made to agree
        with it (post-stratification); none leaves them as they were delivered.
    """

    answering: Annotated[float, Field(gt=0, le=1)] = 1.0
    margins: tuple[Literal["borough"], ...] = ()


class Perception(Part):
    """How the shares of colonias are made of the lab's survey.

    Attributes
    ----------
    model : {"logistic", "fay_herriot", "spatial_fay_herriot", "unit_level"}
        Logistic with the census and neighbours: nearest the truth in cities like the demo's, and
        its 95 % intervals keep their promise.  The others are those that statistical offices
        publish: Fay and Herriot's (on arcsines), theirs with neighbours, and Battese, Harter and
        Fuller's of people; the notebook of methods compares them.
    benchmark : {"log_odds", "ratio", "none"}
        How colonias are made to agree with the city's figure: all moved alike in log-odds, or by
        one ratio (of who feels unsafe where they fall, of who does not where they rise), or not.
    city : {"survey", "official"}
        Whose figure of the city that is: of the survey's last wave, or the official one (ENSU) of
        the quarter last published by then, for the questions that it has.
    """

    model: Literal["logistic", "fay_herriot", "spatial_fay_herriot", "unit_level"] = "logistic"
    benchmark: Literal["log_odds", "ratio", "none"] = "log_odds"
    city: Literal["survey", "official"] = "survey"


class Release(Part):
    """Who signs what goes out.

    Attributes
    ----------
    reviewers : list of str
        Two of them sign each release; without any, releases go out unsigned, on record.
    public_words : list of str
        What may be shown although it looks like a person: the lab's telephone and e-mail, the
        officials who answer for it.
    """

    reviewers: tuple[str, ...] = ()
    public_words: tuple[str, ...] = ()


class Publish(Part):
    """How the site and the paper are made.

    Attributes
    ----------
    address : str
        Address of the site, ``https://…``, for the code that a printed ficha carries; empty
        where there is none yet, and then there is no code.
    paper : list of {"es_MX", "en"}
        Languages in which each ficha is also made as a file to print; empty for none.
    barriers : {"block", "ignore"}
        Whether a page that keeps readers out (axe-core, where it and Chromium are installed)
        keeps the edition from being published.
    """

    address: Annotated[str, Field(pattern=r"^(https?://[^\s]+)?$")] = ""
    paper: tuple[Literal["es_MX", "en"], ...] = ("es_MX",)
    barriers: Literal["block", "ignore"] = "block"


class MailingList(Part):
    """Who gets what.

    Attributes
    ----------
    name : str
        Of the list: an agency, a council.
    to : list of str
        Addresses.
    briefing, fichas, cards : bool
        Whether they get the council's briefing, printed fichas, and cards for the phone.
    colonias, boroughs : list of str
        Of which colonias; all of them where both are empty.
    """

    name: str
    to: Annotated[tuple[str, ...], Field(min_length=1)]
    briefing: bool = True
    fichas: bool = True
    cards: bool = False
    colonias: tuple[str, ...] = ()
    boroughs: tuple[str, ...] = ()


class Delivery(Part):
    """How letters are sent; the password stands in ``LABTOOLS_SMTP_PASSWORD``, in no file.

    Attributes
    ----------
    server, port, sender, user : str, int, str, str
        Where letters are handed in, and from whom.
    encrypted : bool
        Whether the line must be encrypted.
    most_mb : float
        Megabytes that one letter may weigh: what is more goes in several.
    list : list of MailingList
    """

    server: str = "localhost"
    port: Annotated[int, Field(ge=1, le=65_535)] = 587
    sender: str = ""
    user: str = ""
    encrypted: bool = True
    most_mb: Annotated[float, Field(ge=1)] = 20.0
    list: tuple[MailingList, ...] = ()


class Fichas(Part):
    """Which colonias get a ficha.

    Attributes
    ----------
    select : {"programme", "all", "listed", "borough"}
        Colonias in the programme at the end of the period, every one, or those named.
    borough : str
        With ``select = "borough"``: the borough's name.
    colonias : list of str
        With ``select = "listed"``: their keys.
    """

    select: Literal["programme", "all", "listed", "borough"] = "programme"
    borough: str = ""
    colonias: tuple[str, ...] = ()


class Risk(Part):
    """How the level of risk of each colonia is estimated.

    Attributes
    ----------
    surface : {"space_time", "global", "discounted"}
        All quarters and neighbours in one model: nearest the truth, and its 95 % intervals held
        94 to 95 % in cities like the demo's.  One gamma-Poisson model of all colonias, or the
        map of a discounted past, cost a hundredth, but theirs held 81 to 96 % and 81 to 91 %.
    """

    surface: Literal["space_time", "global", "discounted"] = "space_time"


class DefaultPoint(Part):
    """A point that offices type when they do not know the place.

    Attributes
    ----------
    lon, lat : float
        Degrees, WGS 84.
    what : str
        Whose point it is, for the account.
    """

    lon: float
    lat: float
    what: str


class Places(Part):
    """How points and names become colonias.

    Attributes
    ----------
    default_points : list of DefaultPoint
        Points that mean "unknown", kept apart.
    real_points : list of DefaultPoint
        Points where so many events truly happened (a bus station, a hospital): no heap of
        theirs is taken for a default point.
    """

    default_points: tuple[DefaultPoint, ...] = ()
    real_points: tuple[DefaultPoint, ...] = ()


class Alerts(Part):
    """How many false alerts are borne with.

    Attributes
    ----------
    false_per_month : float
        False alerts to be expected in one month over all colonias and groups, if nothing
        changed.
    """

    false_per_month: Annotated[float, Field(gt=0, le=50)] = 1.0


class Classify(Part):
    """How subjects that no rule names become crime codes.

    Attributes
    ----------
    confidence : float
        Share of what the text model codes that must be right; it codes nothing below.
    """

    confidence: Annotated[float, Field(ge=0.5, le=1.0)] = 0.95


class Priced(Part):
    """An action of the catalogue as this municipality can do it.

    Attributes
    ----------
    intervention : str
        Its key in ``interventions.toml``.
    agency : str
        Who would do it, by its key in ``agencies.toml``; empty takes the catalogue's first.
    cost : float
        Pesos for one colonia.
    reach : float
        Share of a colonia's crime that happens where the action would be done, 0 to 1.
    """

    intervention: Slug
    agency: Slug | Literal[""] = ""
    cost: Annotated[float, Field(gt=0)]
    reach: Annotated[float, Field(gt=0, le=1)]


class Targeting(Part):
    """What a portfolio of actions may spend; without a budget or costs there is none.

    Attributes
    ----------
    budget : float
        Pesos.
    floor : float
        Least share of what its people would give that each borough and each grade of
        marginality receives: 0 without floors, 1 gives all by residents.
    aversion : float
        0 looks at the expected harm averted, 1 at the worst draws only.
    per_colonia : int
        Most actions in one colonia.
    capacity : dict
        Agency → colonias that it can attend.
    harm : dict
        Group of crime → what one of them weighs; 1 where it is not said.
    fear : float
        What one resident who no longer feels unsafe weighs, against a crime that weighs 1; 0
        leaves fear out of the portfolio.
    entries : int
        Colonias that could enter the programme next; 0 compares no rules of entry.
    action : list of Priced
    """

    budget: Annotated[float, Field(ge=0)] = 0.0
    floor: Annotated[float, Field(ge=0, le=1)] = 0.5
    aversion: Annotated[float, Field(ge=0, le=1)] = 0.0
    per_colonia: Annotated[int, Field(ge=1)] = 2
    capacity: dict[Slug, Annotated[int, Field(ge=0)]] = Field(default_factory=dict)
    harm: dict[Literal["violence", "robbery", "theft", "other"], Annotated[float, Field(ge=0)]] = (
        Field(default_factory=dict)
    )
    fear: Annotated[float, Field(ge=0)] = 0.0
    entries: Annotated[int, Field(ge=0)] = 0
    action: tuple[Priced, ...] = ()


class Schedule(Part):
    """When an edition is made without anybody asking for it.

    Attributes
    ----------
    name : str
    cron : str
        Minute, hour, day, month and day of the week, as in cron.
    time_zone : str
        Where that hour is; where clocks change, an hour that there is not comes when the clock
        has gone forward, and one that there is twice counts the first time.
    holidays : {"next", "skip", "run"}
        What to do on weekends and public holidays: wait for the next working day, leave it, or
        take no notice.
    country : str
        Whose public holidays, by its two letters.
    days_off : list of str
        Further days on which nobody works, ISO.
    data_until : {"quarter", "any"}
        Whether the data must reach the last quarter that was complete on that day, or whatever
        there is will do.
    needs : list of str
        Sources that must reach it; every file of incidents where none is named.
    wait_days : int
        How long late data, or a busy workbench, are waited for.
    catch_up_days : int
        After how long a run that the machine slept through is no longer made up for.
    tries, pause_minutes : int
        How often a run that fails is tried, and the pause after the first time; it doubles.
    limit_minutes : int
        A run that lasts longer is ended.
    deliver : bool
        Whether the edition is then sent to the lists of ``[delivery]``.
    share : bool
        Whether its tables are then put in place in the shared database (``LABTOOLS_SHARE``).
    tell : list of str
        Addresses of those who are told how it went; the server is that of ``[delivery]``.
    """

    name: Slug
    cron: str
    time_zone: Zone = "America/Mexico_City"
    holidays: Literal["next", "skip", "run"] = "next"
    country: Annotated[str, Field(pattern=r"^[A-Z]{2}$")] = "MX"
    days_off: tuple[Day, ...] = ()
    data_until: Literal["quarter", "any"] = "quarter"
    needs: tuple[Slug, ...] = ()
    wait_days: Annotated[int, Field(ge=0)] = 15
    catch_up_days: Annotated[int, Field(ge=0)] = 10
    tries: Annotated[int, Field(ge=1)] = 4
    pause_minutes: Annotated[int, Field(ge=0)] = 15
    limit_minutes: Annotated[int, Field(ge=1)] = 360
    deliver: bool = False
    share: bool = False
    tell: tuple[str, ...] = ()


class Settings(Part):
    """Everything ``lab.toml`` says."""

    lab: Lab
    colonias: Register
    fichas: Fichas = Fichas()
    alerts: Alerts = Alerts()
    disclosure: Disclosure = Disclosure()
    survey: Survey = Survey()
    perception: Perception = Perception()
    release: Release = Release()
    publish: Publish = Publish()
    delivery: Delivery = Delivery()
    places: Places = Places()
    classify: Classify = Classify()
    targeting: Targeting = Targeting()
    risk: Risk = Risk()
    schedule: tuple[Schedule, ...] = ()
    source: tuple[Source, ...] = ()

    def of_content(self) -> dict[str, Any]:
        """Return what an edition is made of: not when it is made, nor whom it is sent to."""
        return self.model_dump(mode="json", exclude={"schedule", "delivery"})


def load_settings(workbench: Workbench) -> Settings:
    """Return the settings of a workbench.

    Raises
    ------
    SettingsError
        If the file is absent, is not TOML, or says something it may not say.
    """
    path = workbench.settings_file
    try:
        settings = read_checked(path, Settings, advice=mark("lab.example.toml shows every entry."))
    except SettingsError as wrong:
        if not isinstance(wrong.__cause__, FileNotFoundError):
            raise
        raise SettingsError(
            "There is no lab.toml in {folder}. Make a workbench with “labtools init {folder}”, "
            "or name one with --workbench.",
            folder=str(workbench.root),
        ) from wrong
    _check_sources(path, settings)
    return settings


def _check_sources(path: Path, settings: Settings) -> None:
    names = [REGISTER, *(source.name for source in settings.source)]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise SettingsError(
            "{path}: two sources are called {name} (the register of colonias is called "
            "“colonias”). Give each source a name of its own.",
            path=str(path),
            name=twice[0],
        )
    _check_schedules(path, settings)
    for source in settings.source:
        if source.first_day and source.first_day > source.cutoff:
            raise SettingsError(
                "{path}: the source {name} has first_day {first}, after its cutoff {cutoff}. "
                "Correct one of them.",
                path=str(path),
                name=source.name,
                first=source.first_day,
                cutoff=source.cutoff,
            )


def _check_schedules(path: Path, settings: Settings) -> None:
    names = [schedule.name for schedule in settings.schedule]
    sources = {source.name for source in settings.source}
    for schedule in settings.schedule:
        if names.count(schedule.name) > 1:
            raise SettingsError(
                "{path}: two schedules are called {name}. Give each one a name of its own.",
                path=str(path),
                name=schedule.name,
            )
        unknown = [name for name in schedule.needs if name not in sources]
        if unknown:
            raise SettingsError(
                "{path}: the schedule {schedule} needs the source {name}, and there is none of "
                "that name. Those there are: {names}.",
                path=str(path),
                schedule=schedule.name,
                name=unknown[0],
                names=tuple(sorted(sources)) or ("—",),
            )
