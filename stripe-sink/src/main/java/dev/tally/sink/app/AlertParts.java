package dev.tally.sink.app;

import dev.tally.schemas.topics.Topics;
import dev.tally.settings.CommonSettings;
import dev.tally.settings.Durations;
import dev.tally.settings.ParsedSettings;
import dev.tally.sink.alerts.WebhookSecrets;
import dev.tally.sink.alerts.channels.MailSettings;
import dev.tally.sink.alerts.channels.WebhookSettings;
import dev.tally.sink.alerts.delivery.AlertSettings;
import dev.tally.sink.alerts.delivery.AlertTopics;
import dev.tally.sink.reporting.RetryRule;
import jakarta.mail.internet.AddressException;
import jakarta.mail.internet.InternetAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.apache.kafka.common.config.ConfigDef;

/**
 * The settings of alert delivery, checked as a whole.
 *
 * @param mail empty: nobody is mailed
 */
record AlertParts(AlertSettings delivery, WebhookSettings webhooks, Optional<MailSettings> mail) {
    static final String WEBHOOK_SECRETS = "alerts.webhook.secrets";
    static final String WEBHOOK_HTTP = "alerts.webhook.http";
    static final String WEBHOOK_PRIVATE = "alerts.webhook.private";
    static final String SMTP_HOST = "alerts.smtp.host";
    static final String SMTP_PORT = "alerts.smtp.port";
    static final String SMTP_TLS = "alerts.smtp.tls";
    static final String SMTP_USER = "alerts.smtp.user";
    static final String SMTP_PASSWORD = "alerts.smtp.password";
    static final String SMTP_FROM = "alerts.smtp.from";
    static final String REQUEST_TIMEOUT = "alerts.request.timeout";
    static final String RETRY_FIRST = "alerts.retry.first";
    static final String RETRY_LONGEST = "alerts.retry.longest";
    static final String MAX_WAITING = "alerts.max.waiting";

    private static final String REFUSED = "refused";
    private static final String ALLOWED = "allowed";
    private static final int MAX_WAITING_IN_ALL = 100_000;
    private static final int MAX_IN_FLIGHT = 32;
    private static final Duration REVOKE_WAIT = Duration.ofSeconds(5);

    static ConfigDef define(ConfigDef def) {
        return def.define(
                        WEBHOOK_SECRETS,
                        ConfigDef.Type.PASSWORD,
                        "",
                        ConfigDef.Importance.HIGH,
                        "Secrets that messages to webhooks are signed with (Standard Webhooks): whsec_ and the base64 of 24 to 64 random"
                                + " bytes, separated by commas, newest first. Empty: no webhook is called.")
                .define(
                        WEBHOOK_HTTP,
                        ConfigDef.Type.STRING,
                        REFUSED,
                        ConfigDef.ValidString.in(REFUSED, ALLOWED),
                        ConfigDef.Importance.LOW,
                        "Whether webhooks may have http:// addresses.")
                .define(
                        WEBHOOK_PRIVATE,
                        ConfigDef.Type.STRING,
                        REFUSED,
                        ConfigDef.ValidString.in(REFUSED, ALLOWED),
                        ConfigDef.Importance.MEDIUM,
                        "Whether webhooks may reach addresses that are not public (loopback, private, link-local and the like). Whoever may"
                                + " write the catalogue could then call what listens inside your network.")
                .define(
                        SMTP_HOST,
                        ConfigDef.Type.STRING,
                        "",
                        ConfigDef.Importance.HIGH,
                        "SMTP server that mails alerts. Empty: nobody is mailed.")
                .define(
                        SMTP_PORT,
                        ConfigDef.Type.INT,
                        0,
                        ConfigDef.Range.between(0, 65_535),
                        ConfigDef.Importance.MEDIUM,
                        "Its port; 0: 25, 587 or 465, as " + SMTP_TLS + " is none, starttls or tls.")
                .define(
                        SMTP_TLS,
                        ConfigDef.Type.STRING,
                        "starttls",
                        ConfigDef.ValidString.in("none", "starttls", "tls"),
                        ConfigDef.Importance.MEDIUM,
                        "How the connection to it is protected; starttls is refused where the server does not have it.")
                .define(
                        SMTP_USER,
                        ConfigDef.Type.STRING,
                        "",
                        ConfigDef.Importance.MEDIUM,
                        "User to log in with. Empty: without a login.")
                .define(
                        SMTP_PASSWORD,
                        ConfigDef.Type.PASSWORD,
                        "",
                        ConfigDef.Importance.MEDIUM,
                        "Password of " + SMTP_USER + ".")
                .define(
                        SMTP_FROM,
                        ConfigDef.Type.STRING,
                        "",
                        ConfigDef.Importance.MEDIUM,
                        "Address that mail comes from; needed with " + SMTP_HOST + ".")
                .define(
                        REQUEST_TIMEOUT,
                        ConfigDef.Type.STRING,
                        "15s",
                        Durations.atLeast(Duration.ofMillis(100)),
                        ConfigDef.Importance.LOW,
                        "Deadline of one attempt, from looking the name up to the answer.")
                .define(
                        RETRY_FIRST,
                        ConfigDef.Type.STRING,
                        "5s",
                        Durations.atLeast(Duration.ofMillis(1)),
                        ConfigDef.Importance.LOW,
                        "Upper bound of the wait after the first failed attempt; doubles from there, for 3 days in all.")
                .define(
                        RETRY_LONGEST,
                        ConfigDef.Type.STRING,
                        "15m",
                        Durations.atLeast(Duration.ofMillis(1)),
                        ConfigDef.Importance.LOW,
                        "Upper bound of any wait between attempts.")
                .define(
                        MAX_WAITING,
                        ConfigDef.Type.INT,
                        10_000,
                        ConfigDef.Range.between(1, 1_000_000),
                        ConfigDef.Importance.LOW,
                        "Alerts of one partition that wait for one address; further ones become dead letters while attempts there fail.");
    }

    static List<String> problems(ParsedSettings parsed) {
        List<String> problems = new ArrayList<>();
        WebhookSecrets.problems(parsed.string(WEBHOOK_SECRETS))
                .forEach(problem -> problems.add(WEBHOOK_SECRETS + ": " + problem));
        if (parsed.duration(RETRY_LONGEST).compareTo(parsed.duration(RETRY_FIRST)) < 0) {
            problems.add(RETRY_LONGEST + " is less than " + RETRY_FIRST);
        }
        String host = parsed.string(SMTP_HOST);
        String from = parsed.string(SMTP_FROM);
        if (!host.isEmpty() && from.isEmpty()) {
            problems.add(SMTP_FROM + " is needed with " + SMTP_HOST);
        }
        if (!from.isEmpty() && !isAddress(from)) {
            problems.add(SMTP_FROM + ": " + from + " is not an e-mail address");
        }
        boolean user = !parsed.string(SMTP_USER).isEmpty();
        if (user == parsed.string(SMTP_PASSWORD).isEmpty()) {
            problems.add(SMTP_USER + " and " + SMTP_PASSWORD + " go together");
        }
        if (user && parsed.string(SMTP_TLS).equals("none") && !CommonSettings.isLoopback(host)) {
            problems.add(SMTP_TLS + " is none: the password could be read on its way to " + host);
        }
        return problems;
    }

    private static boolean isAddress(String text) {
        try {
            String address = new InternetAddress(text, true).getAddress();
            return address.indexOf('@') > 0 && text.chars().noneMatch(Character::isISOControl);
        } catch (AddressException malformed) {
            return false;
        }
    }

    /** Whether anybody can be told of alerts. */
    boolean isOn() {
        return delivery.webhooksOn() || delivery.mailOn();
    }

    /** The parts of settings without problems. */
    static AlertParts of(ParsedSettings parsed, String instance, String randomInstance) {
        WebhookSecrets secrets = WebhookSecrets.parse(parsed.string(WEBHOOK_SECRETS));
        Optional<MailSettings> mail = mail(parsed);
        String group = parsed.string(CommonSettings.APPLICATION_ID) + "-alerts";
        String named = group + "-" + (instance.isEmpty() ? randomInstance : instance);
        Topics topics = Topics.of(parsed);
        AlertSettings delivery = new AlertSettings(
                CommonSettings.kafkaClient(parsed),
                new AlertTopics(
                        topics.quotaAlerts(),
                        topics.alertLedger(),
                        topics.alertDeadLetters(),
                        topics.subscriptions(),
                        topics.memberships()),
                group,
                named,
                instance.isEmpty() ? Optional.empty() : Optional.of(named),
                !secrets.isEmpty(),
                mail.isPresent(),
                new RetryRule(parsed.duration(RETRY_FIRST), parsed.duration(RETRY_LONGEST)),
                parsed.integer(MAX_WAITING),
                MAX_WAITING_IN_ALL,
                MAX_IN_FLIGHT,
                REVOKE_WAIT);
        WebhookSettings webhooks = new WebhookSettings(
                secrets,
                parsed.string(WEBHOOK_HTTP).equals(ALLOWED),
                parsed.string(WEBHOOK_PRIVATE).equals(ALLOWED),
                parsed.duration(REQUEST_TIMEOUT));
        return new AlertParts(delivery, webhooks, mail);
    }

    private static Optional<MailSettings> mail(ParsedSettings parsed) {
        String host = parsed.string(SMTP_HOST);
        if (host.isEmpty()) {
            return Optional.empty();
        }
        MailSettings.Tls tls = MailSettings.Tls.valueOf(parsed.string(SMTP_TLS).toUpperCase(Locale.ROOT));
        int port = parsed.integer(SMTP_PORT);
        int usual = switch (tls) {
            case NONE -> 25;
            case STARTTLS -> 587;
            case TLS -> 465;
        };
        return Optional.of(new MailSettings(
                host,
                port == 0 ? usual : port,
                tls,
                parsed.string(SMTP_USER),
                parsed.string(SMTP_PASSWORD),
                parsed.string(SMTP_FROM),
                parsed.duration(REQUEST_TIMEOUT)));
    }
}
