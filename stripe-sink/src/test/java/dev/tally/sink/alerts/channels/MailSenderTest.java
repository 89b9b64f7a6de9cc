package dev.tally.sink.alerts.channels;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tally.sink.alerts.Alert;
import dev.tally.sink.alerts.AlertExamples;
import dev.tally.sink.alerts.AlertMail;
import dev.tally.sink.alerts.Attempt;
import dev.tally.sink.alerts.channels.MailSettings.Tls;
import dev.tally.sink.testing.MailServer;
import jakarta.mail.internet.MimeMessage;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class MailSenderTest {
    private static final Instant NOW = Instant.parse("2026-11-21T12:34:56Z");

    @Test
    void shouldMailAnAlert() throws Exception {
        try (MailServer server = new MailServer()) {
            server.start();
            // When
            Attempt attempt = sender(server.port(), Tls.NONE, "").send(AlertExamples.alert(), "owner@example.org", NOW);

            // Then
            assertThat(attempt).isEqualTo(new Attempt.Delivered());
            MimeMessage mail = server.getReceivedMessages()[0];
            AlertMail expected = AlertMail.of(AlertExamples.alert(), "owner@example.org", "tally.example");
            assertThat(mail.getMessageID()).isEqualTo("<" + expected.messageId() + ">");
            assertThat(mail.getSubject()).isEqualTo(expected.subject());
            assertThat(mail.getContent().toString().replace("\r\n", "\n").strip())
                    .isEqualTo(expected.text().strip());
            assertThat(mail.getContentType()).startsWith("text/plain");
            assertThat(mail.getFrom()).singleElement().hasToString("Tally <alerts@tally.example>");
            assertThat(mail.getAllRecipients()).singleElement().hasToString("owner@example.org");
            assertThat(mail.getHeader("Auto-Submitted")).containsExactly("auto-generated");
            assertThat(mail.getSentDate().toInstant()).isEqualTo(NOW);
        }
    }

    @Test
    void shouldLogIn() throws Exception {
        try (MailServer server = new MailServer()) {
            server.setUser("tally", "word");
            server.start();
            int port = server.port();
            assertThat(sender(port, Tls.NONE, "word").send(AlertExamples.alert(), "owner@example.org", NOW))
                    .isEqualTo(new Attempt.Delivered());
            assertThat(sender(port, Tls.NONE, "wrong").send(AlertExamples.alert(), "owner@example.org", NOW))
                    .isEqualTo(new Attempt.Failed("login", "the SMTP server does not take user and password"));
            assertThat(server.getReceivedMessages()).hasSize(1);
        }
    }

    /** Answers of the server to MAIL, RCPT and the end of DATA, and what they mean. */
    @ParameterizedTest
    @CsvSource({
        "250, 250, 250, Delivered",
        "250, 550, 250, Refused mail_refused",
        "250, 450, 250, Failed mail_deferred",
        "250, 250, 554, Refused mail_refused",
        "250, 250, 451, Failed mail_deferred",
        "550, 250, 250, Failed sender",
        "530, 250, 250, Failed",
        "250, 250, 0, Failed"
    })
    void shouldReadTheServersAnswers(int mail, int rcpt, int data, String expected) throws Exception {
        try (ServerSocket server = new ServerSocket(0, 10, InetAddress.getLoopbackAddress())) {
            Thread.startVirtualThread(() -> converse(server, mail, rcpt, data));

            Attempt attempt =
                    sender(server.getLocalPort(), Tls.NONE, "").send(AlertExamples.alert(), "owner@example.org", NOW);

            assertThat(told(attempt)).startsWith(expected);
        }
    }

    @Test
    void shouldNotSendInTheClearWhereTlsIsAsked() throws Exception {
        try (ServerSocket server = new ServerSocket(0, 10, InetAddress.getLoopbackAddress())) {
            Thread.startVirtualThread(() -> converse(server, 250, 250, 250));

            assertThat(told(sender(server.getLocalPort(), Tls.STARTTLS, "")
                            .send(AlertExamples.alert(), "owner@example.org", NOW)))
                    .isEqualTo("Failed connection");
        }
    }

    @Test
    void shouldNotWaitForAServerThatIsSilentOrAway() throws Exception {
        try (ServerSocket silent = new ServerSocket(0, 10, InetAddress.getLoopbackAddress())) {
            MailSender sender = new MailSender(new MailSettings(
                    "127.0.0.1", silent.getLocalPort(), Tls.NONE, "", "", "a@b.example", Duration.ofMillis(300)));
            assertThat(told(sender.send(AlertExamples.alert(), "owner@example.org", NOW)))
                    .isIn("Failed timeout", "Failed connection");
        }
        assertThat(told(sender(1, Tls.NONE, "").send(AlertExamples.alert(), "owner@example.org", NOW)))
                .isEqualTo("Failed connection");
    }

    @Test
    void shouldLetNoIdAddAHeader() throws Exception {
        try (MailServer server = new MailServer()) {
            server.start();
            Alert plain = AlertExamples.alert();
            Alert hostile = new Alert(
                    plain.alertId(),
                    plain.kind(),
                    plain.severity(),
                    "org:x\r\nBcc: all@example.org",
                    plain.scope(),
                    "é\r\n.\r\nQUIT",
                    plain.meter(),
                    plain.windowStart(),
                    plain.windowEnd(),
                    plain.threshold(),
                    plain.epoch(),
                    plain.limit(),
                    plain.used(),
                    plain.resetsAt(),
                    plain.planId(),
                    plain.cause(),
                    plain.late(),
                    plain.at());
            MailSender sender = sender(server.port(), Tls.NONE, "");

            assertThat(sender.send(hostile, "owner@example.org", NOW)).isEqualTo(new Attempt.Delivered());
            assertThat(told(sender.send(hostile, "owner@example.org\r\nRCPT TO:<x@y.z>", NOW)))
                    .isEqualTo("Refused bad_address");
            assertThat(server.getReceivedMessages()).hasSize(1);
            assertThat(server.getReceivedMessages()[0].getHeader("Bcc")).isNull();
            assertThat(server.getReceivedMessages()[0].getContent().toString()).contains("é??.??QUIT");
        }
    }

    private static String told(Attempt attempt) {
        return switch (attempt) {
            case Attempt.Delivered() -> "Delivered";
            case Attempt.Gone() -> "Gone";
            case Attempt.Refused(String reason, String detail) -> "Refused " + reason;
            case Attempt.Failed(String reason, String detail, var retryAfter) -> "Failed " + reason;
        };
    }

    private static MailSender sender(int port, Tls tls, String password) {
        return new MailSender(new MailSettings(
                "127.0.0.1",
                port,
                tls,
                password.isEmpty() ? "" : "tally",
                password,
                "Tally <alerts@tally.example>",
                Duration.ofSeconds(5)));
    }

    /** A server with set answers; 0 breaks the connection instead. */
    private static void converse(ServerSocket server, int mail, int rcpt, int data) {
        try (Socket socket = server.accept();
                BufferedReader in =
                        new BufferedReader(new InputStreamReader(socket.getInputStream(), StandardCharsets.UTF_8))) {
            say(socket, 220);
            boolean inData = false;
            for (String line = in.readLine(); line != null; line = in.readLine()) {
                if (inData) {
                    if (line.equals(".")) {
                        inData = false;
                        if (data == 0) {
                            return;
                        }
                        say(socket, data);
                    }
                } else if (line.startsWith("DATA")) {
                    inData = true;
                    say(socket, 354);
                } else {
                    say(socket, line.startsWith("MAIL") ? mail : line.startsWith("RCPT") ? rcpt : 250);
                }
            }
        } catch (IOException clientLeft) {
            // As it may be.
        }
    }

    private static void say(Socket socket, int code) throws IOException {
        socket.getOutputStream().write((code + " said\r\n").getBytes(StandardCharsets.US_ASCII));
        socket.getOutputStream().flush();
    }
}
