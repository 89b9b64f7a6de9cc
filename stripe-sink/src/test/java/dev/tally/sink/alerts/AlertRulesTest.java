package dev.tally.sink.alerts;

import static dev.tally.sink.alerts.AlertExamples.alert;
import static org.assertj.core.api.Assertions.assertThat;

import com.standardwebhooks.Webhook;
import dev.tally.sink.alerts.AlertRules.Step;
import dev.tally.sink.alerts.Routing.Skip;
import dev.tally.sink.reporting.RetryRule;
import java.net.InetAddress;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class AlertRulesTest {
    private static final Instant NOW = Instant.parse("2026-11-21T12:00:00Z");
    private static final String SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    private static final String OLDER = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYX";

    /** The example of the specification's own libraries. */
    @Test
    void shouldSignAsStandardWebhooksDoes() {
        String signature = WebhookSecrets.parse(SECRET)
                .sign("msg_p5jXN8AQM9LWM0D4loKWxJek", Instant.ofEpochSecond(1_614_265_330), "{\"test\": 2432232314}");

        assertThat(signature).isEqualTo("v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    @Test
    void shouldSignWithEverySecretNewestFirst() throws Exception {
        // Given
        Instant now = Instant.now();
        String signature = WebhookSecrets.parse(SECRET + " , " + OLDER).sign("a-1", now, "{}");

        // Then: whoever knows one of them can check
        assertThat(signature.split(" ")).hasSize(2).allMatch(one -> one.startsWith("v1,"));
        assertThat(signature).startsWith(WebhookSecrets.parse(SECRET).sign("a-1", now, "{}"));
        for (String known : List.of(SECRET, OLDER)) {
            new Webhook(known)
                    .verify(
                            "{}",
                            Map.of(
                                    "webhook-id", List.of("a-1"),
                                    "webhook-timestamp", List.of(Long.toString(now.getEpochSecond())),
                                    "webhook-signature", List.of(signature)));
        }
    }

    @Test
    void shouldNameWhatIsWrongWithSecretsWithoutTellingThem() {
        assertThat(WebhookSecrets.problems("")).isEmpty();
        assertThat(WebhookSecrets.problems(SECRET + "," + OLDER)).isEmpty();
        assertThat(WebhookSecrets.problems("whsec_c2hvcnQ=,verysecret,whsec_%%%"))
                .hasSize(3)
                .noneMatch(problem -> problem.contains("verysecret") || problem.contains("c2hvcnQ"));
        assertThat(WebhookSecrets.problems(SECRET + "," + SECRET)).hasSize(1);
        assertThat(WebhookSecrets.parse(SECRET)).hasToString("WebhookSecrets[1]");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "0.0.0.0",
                "0.1.2.3",
                "10.1.2.3",
                "100.64.0.1",
                "100.127.255.255",
                "127.0.0.1",
                "127.255.1.1",
                "169.254.169.254",
                "172.16.0.1",
                "172.31.255.255",
                "192.0.0.192",
                "192.0.2.1",
                "192.88.99.1",
                "192.168.0.1",
                "198.18.0.1",
                "198.19.255.255",
                "198.51.100.1",
                "203.0.113.1",
                "224.0.0.1",
                "239.255.255.255",
                "240.0.0.1",
                "255.255.255.255",
                "::",
                "::1",
                "::ffff:127.0.0.1",
                "::127.0.0.1",
                "64:ff9b::7f00:1",
                "64:ff9b:1::1",
                "100::1",
                "2001::1",
                "2001:db8::1",
                "2002:7f00:1::1",
                "3fff::1",
                "fc00::1",
                "fd00:ec2::254",
                "fe80::1",
                "fec0::1",
                "ff02::1",
                "5f00::1"
            })
    void shouldRefuseAddressesThatAreNotPublic(String literal) throws Exception {
        assertThat(AddressRules.isPublic(InetAddress.getByName(literal))).isFalse();
    }

    @Test
    void shouldSeeThroughMappedAddresses() throws Exception {
        byte[] mapped = new byte[16];
        mapped[10] = (byte) 0xff;
        mapped[11] = (byte) 0xff;
        mapped[12] = 10;

        // Java makes an Inet4Address of such bytes, except through Inet6Address itself
        assertThat(AddressRules.isPublic(InetAddress.getByAddress(mapped))).isFalse();
        assertThat(AddressRules.isPublic(java.net.Inet6Address.getByAddress("x", mapped, 0)))
                .isFalse();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "1.1.1.1",
                "9.255.255.255",
                "11.0.0.0",
                "100.63.255.255",
                "100.128.0.0",
                "126.255.255.255",
                "172.15.255.255",
                "172.32.0.0",
                "192.0.1.0",
                "192.167.255.255",
                "223.255.255.255",
                "2606:4700::1111",
                "2a00:1450::1",
                "64:ff9b::101:101",
                "2002:101:101::1"
            })
    void shouldAllowPublicAddresses(String literal) throws Exception {
        assertThat(AddressRules.isPublic(InetAddress.getByName(literal))).isTrue();
    }

    @ParameterizedTest
    @CsvSource({
        "200, Delivered",
        "204, Delivered",
        "299, Delivered",
        "302, redirect",
        "308, redirect",
        "400, client_error",
        "401, client_error",
        "404, client_error",
        "410, Gone",
        "429, rate_limited",
        "500, server_error",
        "503, server_error",
        "999, odd_answer"
    })
    void shouldReadStatuses(int status, String expected) {
        String read = switch (WebhookAnswers.of(status, null, NOW)) {
            case Attempt.Delivered() -> "Delivered";
            case Attempt.Gone() -> "Gone";
            case Attempt.Refused(String reason, String detail) -> "refused " + reason;
            case Attempt.Failed(String reason, String detail, Optional<Duration> retryAfter) -> reason;
        };
        assertThat(read).isEqualTo(expected);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            value = {"120;PT2M", "Sat, 21 Nov 2026 12:05:00 GMT;PT5M", "Sat, 21 Nov 2026 11:00:00 GMT;", "soon;", "-1;"
            })
    void shouldReadRetryAfter(String header, Duration expected) {
        assertThat(WebhookAnswers.of(503, header, NOW))
                .isEqualTo(new Attempt.Failed("server_error", "answered 503", Optional.ofNullable(expected)));
    }

    @Test
    void shouldTryForThreeDaysWithGrowingWaits() {
        // Given
        AlertRules rules = new AlertRules(new RetryRule(Duration.ofSeconds(5), Duration.ofMinutes(15)));
        Attempt failed = new Attempt.Failed("server_error", "answered 500");
        Instant now = NOW;
        Random random = new Random(7);
        int failures = 0;

        // When
        Step step = rules.after(failed, ++failures, NOW, now, random);
        while (step instanceof Step.Again(Duration delay, String reason)) {
            assertThat(delay).isLessThanOrEqualTo(Duration.ofSeconds(5L << Math.min(failures - 1, 8)));
            assertThat(delay).isLessThanOrEqualTo(Duration.ofMinutes(15));
            now = now.plus(delay);
            step = rules.after(failed, ++failures, NOW, now, random);
        }

        // Then
        assertThat(step)
                .isEqualTo(new Step.Done(new AlertOutcome.Dead(
                        "gave_up", "not taken within 3 days, at last: server_error, answered 500")));
        assertThat(now).isBetween(NOW.plus(Duration.ofHours(71)), NOW.plus(Duration.ofDays(3)));
        assertThat(failures).isBetween(400, 900);
    }

    @Test
    void shouldWaitAsLongAsTheEndpointAsks() {
        AlertRules rules = new AlertRules(new RetryRule(Duration.ofMillis(1), Duration.ofMillis(2)));

        assertThat(rules.after(
                        new Attempt.Failed("rate_limited", "", Optional.of(Duration.ofMinutes(7))),
                        1,
                        NOW,
                        NOW,
                        new Random(1)))
                .isEqualTo(new Step.Again(Duration.ofMinutes(7), "rate_limited"));
    }

    @Test
    void shouldNotTryWhatIsOver() {
        AlertRules rules = new AlertRules(RetryRule.STANDARD);

        assertThat(rules.before(true, false, NOW, NOW)).isEmpty();
        assertThat(rules.before(true, false, NOW, NOW.plus(Duration.ofDays(3))).map(AlertOutcome.Dead::reason))
                .contains("gave_up");
        assertThat(rules.before(true, true, NOW, NOW).map(AlertOutcome.Dead::reason))
                .contains("gone");
        assertThat(rules.before(false, true, NOW, NOW).map(AlertOutcome.Dead::reason))
                .contains("removed");
    }

    @Test
    void shouldTellEverybodyTheCatalogueNames() {
        // Given
        Contacts contacts = new Contacts(List.of("https://h/1", "https://h/2"), List.of("a@x.org"), 7);
        Alert late = alert("a-2", Alert.Kind.REACHED, "org:acme", "actions", true);
        Recipient first = new Recipient(Channel.WEBHOOK, "https://h/1");
        Recipient second = new Recipient(Channel.WEBHOOK, "https://h/2");

        // Then
        assertThat(Routing.of(alert(), NOW, contacts, true, NOW))
                .isEqualTo(new Routing(List.of(first, second, new Recipient(Channel.MAIL, "a@x.org")), Set.of()));
        assertThat(Routing.of(late, NOW, contacts, true, NOW))
                .isEqualTo(new Routing(List.of(first, second), Set.of(Skip.LATE)));
        assertThat(Routing.of(alert(), NOW, contacts, false, NOW))
                .isEqualTo(new Routing(List.of(first, second), Set.of(Skip.MAIL_OFF)));
        assertThat(Routing.of(alert(), NOW, Contacts.NONE, true, NOW))
                .isEqualTo(new Routing(List.of(), Set.of(Skip.NOBODY)));
        assertThat(Routing.of(
                                alert(),
                                NOW,
                                contacts,
                                true,
                                NOW.plus(Duration.ofDays(3)).minusMillis(1))
                        .recipients())
                .hasSize(3);
        assertThat(Routing.of(alert(), NOW, contacts, true, NOW.plus(Duration.ofDays(3))))
                .isEqualTo(new Routing(List.of(), Set.of(Skip.EXPIRED)));
    }

    @Test
    void shouldKeepRecipientsApartInTheLedger() {
        String webhook = new Recipient(Channel.WEBHOOK, "x").ledgerKey("a-1");

        assertThat(webhook).matches("a-1/[0-9a-f]{32}");
        assertThat(new Recipient(Channel.MAIL, "x").ledgerKey("a-1")).isNotEqualTo(webhook);
        assertThat(new Recipient(Channel.WEBHOOK, "y").ledgerKey("a-1")).isNotEqualTo(webhook);
        assertThat(new Recipient(Channel.WEBHOOK, "secret")).hasToString("Recipient[webhook]");
    }

    @Test
    void shouldPostAllFieldsOfTheAlert() {
        assertThat(AlertJson.body(alert()))
                .isEqualTo("{\"type\":\"quota.alert.warning\",\"timestamp\":\"2026-11-21T12:34:56.789Z\",\"data\":{"
                        + "\"alertId\":\"a-1\",\"kind\":\"WARNING\",\"severity\":\"WARNING\",\"subject\":\"org:acme\","
                        + "\"scope\":\"ORG\",\"scopeId\":\"acme\",\"meter\":\"actions\","
                        + "\"windowStart\":\"2026-11-21T00:00:00Z\",\"windowEnd\":\"2026-11-22T00:00:00Z\","
                        + "\"threshold\":80,\"epoch\":0,\"limit\":500,\"used\":401,"
                        + "\"resetsAt\":\"2026-11-22T00:00:00Z\",\"planId\":null,\"cause\":\"e-401\",\"late\":false,"
                        + "\"at\":\"2026-11-21T12:34:56.789Z\"}}");
        assertThat(AlertJson.body(alert("a", Alert.Kind.POOL_LOW, "org:a", "m", false)))
                .startsWith("{\"type\":\"quota.alert.pool_low\"");
    }

    @Test
    void shouldWriteAMailThatAPersonReads() {
        AlertMail mail = AlertMail.of(alert(), "a@x.org", "tally.example");

        assertThat(mail.subject()).isEqualTo("[Tally] org:acme, actions: 80 % of the limit used");
        assertThat(mail.text()).isEqualTo("""
                        Usage has reached 80 % of a limit.

                        Account     org:acme
                        Limit of    org acme
                        Meter       actions
                        Used        401 of 500 (80 %)
                        Window      2026-11-21 00:00 UTC to 2026-11-22 00:00 UTC
                        Resets at   2026-11-22 00:00 UTC
                        Decided at  2026-11-21 12:34 UTC
                        Cause       e-401
                        Alert id    a-1
                        """);
        assertThat(mail.messageId())
                .matches("[0-9a-f]{40}@tally\\.example")
                .isEqualTo(AlertMail.of(alert(), "a@x.org", "tally.example").messageId())
                .isNotEqualTo(AlertMail.of(alert(), "b@x.org", "tally.example").messageId());
    }

    @Test
    void shouldLetNoIdStartAHeaderOrALine() {
        AlertMail mail = AlertMail.of(
                alert("a\r\nBcc: x", Alert.Kind.REACHED, "org:a\r\nBcc: all@x.org", "m\u2028\u202Eleft\u0000", false),
                "a@x.org",
                "d");

        assertThat(mail.subject()).isEqualTo("[Tally] org:a??Bcc: all@x.org, m??left?: limit reached");
        assertThat(mail.text().lines()).noneMatch(line -> line.startsWith("Bcc"));
        assertThat(mail.text()).doesNotContain("\r", "\u2028", "\u202E", "\u0000");
        assertThat(AlertMail.of(alert("a", Alert.Kind.REACHED, "x".repeat(9_999), "m".repeat(999), false), "a", "d")
                        .subject())
                .hasSizeLessThanOrEqualTo(160);
    }

    @ParameterizedTest
    @CsvSource({
        "https://h.org/p?q=1, https://h.org/p?q=1, ",
        "https://u:p%40w@h.org:8443/p, https://h.org:8443/p, u:p@w",
        "http://127.0.0.1:1/, http://127.0.0.1:1/, ",
        "ftp://h.org/, , ",
        "https:///p, , ",
        "'https://h.org/a b', , "
    })
    void shouldTakeAddressesApart(String address, String target, String user) {
        Optional<WebhookUrl> url = WebhookUrl.parse(address);

        assertThat(url.map(one -> one.target().toString())).isEqualTo(Optional.ofNullable(target));
        assertThat(url.flatMap(WebhookUrl::credentials)).isEqualTo(Optional.ofNullable(user));
        assertThat(WebhookUrl.host(address)).doesNotContain("/", "?", "p%40w");
    }
}
