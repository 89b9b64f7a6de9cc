package dev.tally.sink.alerts.channels;

import dev.tally.sink.alerts.Alert;
import dev.tally.sink.alerts.AlertMail;
import dev.tally.sink.alerts.Attempt;
import dev.tally.sink.alerts.Sender;
import jakarta.mail.AuthenticationFailedException;
import jakarta.mail.Message;
import jakarta.mail.MessagingException;
import jakarta.mail.Session;
import jakarta.mail.Transport;
import jakarta.mail.internet.AddressException;
import jakarta.mail.internet.InternetAddress;
import jakarta.mail.internet.MimeMessage;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Date;
import java.util.Objects;
import java.util.Properties;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeoutException;
import org.eclipse.angus.mail.smtp.SMTPAddressFailedException;
import org.eclipse.angus.mail.smtp.SMTPSendFailedException;
import org.eclipse.angus.mail.smtp.SMTPSenderFailedException;

/** Mails alerts as plain text, one mail per address, over a connection of its own. */
public final class MailSender implements Sender {
    /** Answers that are about us and not about the mail: who we are has to be settled first (RFC 4954, RFC 3207). */
    private static final Set<Integer> ABOUT_US = Set.of(530, 534, 535, 538);

    private final MailSettings settings;
    private final Session session;
    private final Session internationalSession;
    private final Deadline deadline;
    private final InternetAddress from;
    private final String domain;

    /** Connects to nothing yet; {@link MailSettings#from} must be an address. */
    public MailSender(MailSettings settings) {
        this.settings = settings;
        Properties properties = properties(settings);
        this.session = Session.getInstance(properties);
        // Only for addresses that need it (RFC 6531): with it every mail to a server without it is worth a message in
        // the log.
        Properties international = new Properties(properties.size());
        international.putAll(properties);
        international.put("mail.mime.allowutf8", "true");
        this.internationalSession = Session.getInstance(international);
        this.deadline = new Deadline(settings.timeout());
        try {
            this.from = new InternetAddress(settings.from(), true);
        } catch (AddressException malformed) {
            throw new IllegalArgumentException("the sender is no address", malformed);
        }
        String address = from.getAddress();
        this.domain = address.substring(address.indexOf('@') + 1);
    }

    private static Properties properties(MailSettings settings) {
        String millis = Long.toString(settings.timeout().toMillis());
        Properties properties = new Properties();
        properties.put("mail.transport.protocol", "smtp");
        properties.put("mail.smtp.host", settings.host());
        properties.put("mail.smtp.port", Integer.toString(settings.port()));
        properties.put("mail.smtp.auth", Boolean.toString(!settings.user().isEmpty()));
        properties.put("mail.smtp.connectiontimeout", millis);
        properties.put("mail.smtp.timeout", millis);
        properties.put("mail.smtp.writetimeout", millis);
        properties.put("mail.smtp.ssl.checkserveridentity", "true");
        switch (settings.tls()) {
            case NONE -> {}
            case STARTTLS -> {
                properties.put("mail.smtp.starttls.enable", "true");
                properties.put("mail.smtp.starttls.required", "true");
            }
            case TLS -> properties.put("mail.smtp.ssl.enable", "true");
        }
        return properties;
    }

    @Override
    public Attempt send(Alert alert, String address, Instant now) throws InterruptedException {
        try {
            // Interrupting a virtual thread closes the socket it waits for; Transport.close would wait for the call
            // itself.
            return deadline.call(() -> exchange(alert, address, now), () -> {});
        } catch (TimeoutException late) {
            return new Attempt.Failed("timeout", "no answer within " + settings.timeout());
        } catch (ExecutionException failure) {
            return switch (Objects.requireNonNull(failure.getCause())) {
                case MessagingException refused -> attempt(refused);
                case Throwable other -> Deadline.unexpected(other);
            };
        }
    }

    private Attempt exchange(Alert alert, String address, Instant now) throws MessagingException {
        InternetAddress to;
        try {
            to = new InternetAddress(address, true);
        } catch (AddressException malformed) {
            return new Attempt.Refused("bad_address", "the address is no e-mail address");
        }
        Session over = address.chars().allMatch(character -> character < 0x80) ? session : internationalSession;
        MimeMessage message = message(over, AlertMail.of(alert, address, domain), to, now);
        try (Transport transport = over.getTransport()) {
            if (settings.user().isEmpty()) {
                transport.connect();
            } else {
                transport.connect(settings.user(), settings.password());
            }
            transport.sendMessage(message, new InternetAddress[] {to});
            return new Attempt.Delivered();
        }
    }

    private MimeMessage message(Session over, AlertMail mail, InternetAddress to, Instant now)
            throws MessagingException {
        MimeMessage message = new MimeMessage(over) {
            @Override
            protected void updateMessageID() throws MessagingException {
                setHeader("Message-ID", "<" + mail.messageId() + ">");
            }
        };
        message.setFrom(from);
        message.setRecipient(Message.RecipientType.TO, to);
        message.setSubject(mail.subject(), StandardCharsets.UTF_8.name());
        message.setText(mail.text(), StandardCharsets.UTF_8.name());
        message.setSentDate(Date.from(now));
        // Asks vacation responders to keep quiet (RFC 3834).
        message.setHeader("Auto-Submitted", "auto-generated");
        message.saveChanges();
        return message;
    }

    /** What a failure means: 5xx for this mail or recipient is for good, all else may pass. Server texts may repeat addresses. */
    private static Attempt attempt(MessagingException failure) {
        int code = 0;
        for (Exception next = failure; next instanceof MessagingException one; next = one.getNextException()) {
            switch (one) {
                case AuthenticationFailedException login -> {
                    return new Attempt.Failed("login", "the SMTP server does not take user and password");
                }
                case SMTPSenderFailedException sender -> {
                    return new Attempt.Failed("sender", "the sender was answered " + sender.getReturnCode());
                }
                case SMTPAddressFailedException recipient -> code = recipient.getReturnCode();
                case SMTPSendFailedException mail -> code = code == 0 ? mail.getReturnCode() : code;
                default -> {}
            }
        }
        if (code >= 500 && code < 600 && !ABOUT_US.contains(code)) {
            return new Attempt.Refused("mail_refused", "the SMTP server answered " + code);
        }
        return code > 0
                ? new Attempt.Failed("mail_deferred", "the SMTP server answered " + code)
                : new Attempt.Failed(
                        "connection", "no answer: " + failure.getClass().getSimpleName());
    }
}
