package dev.tally.schemas.testing;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.joran.JoranConfigurator;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.LoggingEvent;
import ch.qos.logback.core.OutputStreamAppender;
import ch.qos.logback.core.joran.spi.JoranException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.slf4j.event.KeyValuePair;

/** What a program's own logback.xml makes of {@code LOG_FORMAT}; tests log by another configuration. */
public abstract class LogFormatContract {

    private final String appender;

    /** @param appender that all loggers of the program log to */
    protected LogFormatContract(String appender) {
        this.appender = appender;
    }

    @Test
    protected void shouldWriteAJsonObjectALineWhereAsked() throws JoranException, IOException {
        // When
        String line = line("json");

        // Then
        assertThat(line).endsWith("\n").hasLineCount(1);
        JsonNode json = new ObjectMapper().readTree(line);
        assertThat(json.path("level").asText()).isEqualTo("WARN");
        assertThat(json.path("loggerName").asText()).isEqualTo("dev.tally.Some");
        assertThat(json.path("formattedMessage").asText()).isEqualTo("Not \"started\"\nyet");
        assertThat(json.path("kvpList")).hasToString("[{\"reason\":\"topics\"}]");
        assertThat(json.path("throwable").path("message").asText()).isEqualTo("away");
    }

    @Test
    protected void shouldWriteTextOtherwise() throws JoranException {
        assertThat(line("text")).contains("WARN").contains("Not \"started\"").doesNotStartWith("{");
        assertThat(line("")).isEqualTo(line("text"));
    }

    private String line(String format) throws JoranException {
        LoggerContext context = new LoggerContext();
        context.putProperty("LOG_FORMAT", format);
        JoranConfigurator configurator = new JoranConfigurator();
        configurator.setContext(context);
        configurator.doConfigure(Objects.requireNonNull(getClass().getResource("/logback.xml")));
        Logger logger = context.getLogger("dev.tally.Some");
        LoggingEvent event = new LoggingEvent(
                "", logger, Level.WARN, "Not \"started\"\nyet", new IllegalStateException("away"), null);
        event.setTimeStamp(0);
        event.setMDCPropertyMap(Map.of());
        event.addKeyValuePair(new KeyValuePair("reason", "topics"));
        OutputStreamAppender<ILoggingEvent> appending = (OutputStreamAppender<ILoggingEvent>)
                context.getLogger(Logger.ROOT_LOGGER_NAME).getAppender(appender);
        String line = new String(appending.getEncoder().encode(event), StandardCharsets.UTF_8);
        context.stop();
        return line;
    }
}
