package dev.tally.cli.standin;

import static dev.tally.cli.standin.StandInHarness.ENTERPRISE;
import static dev.tally.cli.standin.StandInHarness.event;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.stripe.exception.InvalidRequestException;
import com.stripe.model.billing.MeterEventAdjustment;
import com.stripe.param.billing.MeterEventAdjustmentCreateParams;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AdjustmentsTest {

    @TempDir
    Path data;

    private StandInHarness harness;

    @BeforeEach
    void start() throws Exception {
        harness = new StandInHarness(data);
    }

    @AfterEach
    void stop() throws Exception {
        harness.close();
    }

    private MeterEventAdjustment cancel(String identifier) throws Exception {
        return harness.stripe()
                .v1()
                .billing()
                .meterEventAdjustments()
                .create(MeterEventAdjustmentCreateParams.builder()
                        .setEventName("tally_actions")
                        .setType(MeterEventAdjustmentCreateParams.Type.CANCEL)
                        .setCancel(MeterEventAdjustmentCreateParams.Cancel.builder()
                                .setIdentifier(identifier)
                                .build())
                        .build());
    }

    @Test
    void shouldCancelAnEventForGood() throws Exception {
        // Given
        harness.send(event("id-1", ENTERPRISE, "25"));
        harness.send(event("id-2", ENTERPRISE, "4"));

        // When
        harness.pass(Duration.ofHours(24).minusMillis(1));
        MeterEventAdjustment done = cancel("id-1");
        harness.restart();

        // Then
        assertThat(done.getStatus()).isEqualTo("complete");
        assertThat(done.getCancel().getIdentifier()).isEqualTo("id-1");
        assertThat(harness.total(ENTERPRISE)).isEqualTo(4);
        assertThatThrownBy(() -> cancel("id-1"))
                .isInstanceOf(InvalidRequestException.class)
                .hasMessageContaining("canceled before");
        assertThatThrownBy(() -> harness.send(event("id-1", ENTERPRISE, "25")))
                .as("its identifier stays known")
                .hasMessageContaining("already exists");
    }

    @Test
    void shouldNotCancelAfterADay() throws Exception {
        // Given
        harness.send(event("id-1", ENTERPRISE, "25"));

        // When
        harness.pass(Duration.ofHours(24));

        // Then
        assertThatThrownBy(() -> cancel("id-1"))
                .isInstanceOf(InvalidRequestException.class)
                .hasMessageContaining("more than 24 hours ago");
        assertThatThrownBy(() -> cancel("id-2")).hasMessageContaining("No event");
        assertThat(harness.total(ENTERPRISE)).isEqualTo(25);
    }
}
