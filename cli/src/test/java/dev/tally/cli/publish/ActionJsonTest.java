package dev.tally.cli.publish;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tally.schemas.ActionEvent;
import dev.tally.schemas.Trigger;
import java.time.Instant;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ActionJsonTest {

    private static final String GOOD =
            "{\"eventId\":\"e1\",\"occurredAt\":\"2026-11-21T10:00:00.123Z\",\"userId\":\"u/1:%\",\"actionType\":\"x\"";

    @Test
    void shouldGiveAbsentAndNullFieldsTheirDefaults() throws ActionJson.BadLineException {
        // When
        ActionEvent action = ActionJson.parse(GOOD + ",\"orgId\":null,\"usage\":null}");

        // Then
        assertThat(action.getOccurredAt()).isEqualTo(Instant.parse("2026-11-21T10:00:00.123Z"));
        assertThat(action.getUserId()).isEqualTo("u/1:%");
        assertThat(action.getOrgId()).isNull();
        assertThat(action.getTrigger()).isEqualTo(Trigger.OTHER);
        assertThat(action.getReadOnly()).isFalse();
        assertThat(action.getUsage()).isEmpty();
    }

    @Test
    void shouldReadEveryField() throws ActionJson.BadLineException {
        // When
        ActionEvent action = ActionJson.parse(GOOD
                + ",\"orgId\":\"o\",\"spaceId\":\"s\",\"model\":\"m\",\"trigger\":\"CHAT_COMMAND\",\"readOnly\":true,"
                + "\"usage\":{\"credits\":1000000000000},\"admissionId\":\"a\"}");

        // Then
        assertThat(action.getTrigger()).isEqualTo(Trigger.CHAT_COMMAND);
        assertThat(action.getReadOnly()).isTrue();
        assertThat(action.getUsage()).isEqualTo(Map.of("credits", 1_000_000_000_000L));
        assertThat(action.getAdmissionId()).isEqualTo("a");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '\'', textBlock = """
            nonsense                                                                    | no JSON
            []                                                                          | not a JSON object
            {"eventId":"e"}                                                             | occurredAt is missing
            {"eventId":"","occurredAt":"2026-11-21T10:00:00Z","userId":"u","actionType":"x"}  | eventId is empty
            {"eventId":"e","occurredAt":"yesterday","userId":"u","actionType":"x"}      | occurredAt is 'yesterday'
            {"eventId":"e","occurredAt":"2026-11-21T10:00:00Z","userId":7,"actionType":"x"}   | userId is no string
            {"eventId":"e","eventId":"f"}                                               | no JSON
            {"eventId":"e","occuredAt":"2026-11-21T10:00:00Z"}                          | unknown field occuredAt
            """)
    void shouldSayWhatIsWrong(String line, String message) {
        assertThatThrownBy(() -> ActionJson.parse(line))
                .isInstanceOf(ActionJson.BadLineException.class)
                .hasMessageContaining(message.replace("'yesterday'", "'yesterday'"));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            ,"usage":{"credits":1.5}}            | whole number
            ,"usage":{"credits":-1}}             | between 0 and 10^12
            ,"usage":{"credits":1000000000001}}  | between 0 and 10^12
            ,"usage":{"credits":1e99}}           | whole number
            ,"usage":[1]}                        | no object
            ,"trigger":"SOMETIMES"}              | trigger
            ,"readOnly":"yes"}                   | readOnly
            } trailing                           | no JSON
            """)
    void shouldRefuseBadOptionalFields(String rest, String message) {
        assertThatThrownBy(() -> ActionJson.parse(GOOD + rest))
                .isInstanceOf(ActionJson.BadLineException.class)
                .hasMessageContaining(message);
    }
}
