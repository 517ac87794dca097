"""Settings of whom an installation tells things: webhooks and alerts."""

from datetime import timedelta

from pydantic import BaseModel, Field, SecretStr

from framemill.settings.kinds import Duration


class OfTelling(BaseModel):
    """What `Settings` has for these."""

    webhook_allow: str = Field(
        "",
        description="What webhooks may be sent to beside public addresses on ports 80 and 443: hosts, "
        "host:port, addresses or networks, separated by commas. Managers see how what is there answers.",
    )
    webhook_timeout: Duration = Field(
        timedelta(seconds=15),
        le=timedelta(seconds=60),
        description="How long the receiver of a webhook has to answer, from looking up its name on.",
    )
    webhook_patience: Duration = Field(
        timedelta(days=3), description="A webhook that failed all the time for so long is turned off."
    )
    keep_deliveries: Duration = Field(
        timedelta(days=14), description="How long it is remembered what webhooks were told."
    )
    alert_urls: SecretStr | None = Field(
        None,
        description="Where alerts go: addresses as Apprise writes them, separated by commas, such as "
        "slack://TOKEN_A/TOKEN_B/TOKEN_C or jsons://host/path. Unset: nowhere.",
    )
    alert_interval: Duration = Field(
        timedelta(seconds=30), description="How often it is looked for what is to be alerted of."
    )
    alert_steady: Duration = Field(
        timedelta(minutes=5),
        description="How long something must be wrong before it is told, and well before it counts as over.",
    )
    alert_quiet: Duration = Field(
        timedelta(hours=1),
        description="The same alert is told again no sooner than that, however often it comes.",
    )
    alert_queue: int = Field(100, ge=0, description="More waiting jobs than that are an alert; 0: none is.")
    alert_failures: int = Field(
        5,
        ge=0,
        le=100,
        description="A larger share of failed jobs than that, in percent, among those that ended within "
        "15 minutes and are 10 at least, is an alert; 0: none is.",
    )
    alert_disk: int = Field(
        80, ge=0, le=100, description="A disk fuller than that, in percent, is an alert; 0: none is."
    )
