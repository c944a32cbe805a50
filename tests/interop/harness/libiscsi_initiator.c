/*
 * libiscsi as an initiator that does as it is told:
 *
 *     libiscsi_initiator INITIATOR-NAME URL
 *
 * It logs in and prints "ready". A line "CDB DATA-IN-BYTES DATA-OUT" is a command, CDB and data as hex digits, "-" for no
 * data; "reset" is LOGICAL UNIT RESET. It answers with "STATUS SENSE-KEY ASC-AND-ASCQ DATA-IN", numbers as decimals, and
 * "-" for no data. At the end of its input it logs out. Needs Debian's libiscsi-dev; link with -liscsi.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <iscsi/iscsi.h>
#include <iscsi/scsi-lowlevel.h>

#define MOST_BYTES 65536

static void give_up(const char *what, const char *why)
{
    fprintf(stderr, "Cannot go on: %s: %s\n", what, why);
    exit(1);
}

static int decode_hex(const char *text, unsigned char *bytes)
{
    int count = 0;

    if (strcmp(text, "-") == 0) return 0;
    for (; text[0] && text[1]; text += 2) {
        unsigned byte;

        if (sscanf(text, "%2x", &byte) != 1) give_up(text, "not hex digits");
        bytes[count++] = byte;
    }
    return count;
}

static void answer(const struct scsi_task *task)
{
    int read = task->xfer_dir == SCSI_XFER_READ && task->status == SCSI_STATUS_GOOD;
    int count = read ? task->datain.size : 0;

    printf("%d %d %d ", task->status, task->sense.key, task->sense.ascq);
    for (int at = 0; at < count; at++) printf("%02x", task->datain.data[at]);
    printf(count ? "\n" : "-\n");
}

static void execute(struct iscsi_context *iscsi, int lun, const char *cdb_text, int in, const char *out_text)
{
    static unsigned char cdb[SCSI_CDB_MAX_SIZE], out[MOST_BYTES];
    int cdb_bytes = decode_hex(cdb_text, cdb);
    struct iscsi_data data = {decode_hex(out_text, out), out};
    int direction = data.size ? SCSI_XFER_WRITE : in ? SCSI_XFER_READ : SCSI_XFER_NONE;
    struct scsi_task *task = scsi_create_task(cdb_bytes, cdb, direction, data.size ? (int)data.size : in);

    if (!task || !iscsi_scsi_command_sync(iscsi, lun, task, data.size ? &data : NULL))
        give_up("the command", iscsi_get_error(iscsi));
    answer(task);
    scsi_free_scsi_task(task);
}

int main(int argc, char **argv)
{
    static char line[3 * MOST_BYTES], cdb[64], out[2 * MOST_BYTES + 1];
    struct iscsi_context *iscsi = argc == 3 ? iscsi_create_context(argv[1]) : NULL;
    struct iscsi_url *url = iscsi ? iscsi_parse_full_url(iscsi, argv[2]) : NULL;
    int in;

    if (!url) give_up("the arguments", "libiscsi_initiator INITIATOR-NAME URL");
    iscsi_set_targetname(iscsi, url->target);
    iscsi_set_session_type(iscsi, ISCSI_SESSION_NORMAL);
    iscsi_set_noautoreconnect(iscsi, 1);
    if (iscsi_connect_sync(iscsi, url->portal) || iscsi_login_sync(iscsi))
        give_up("login", iscsi_get_error(iscsi));
    setvbuf(stdout, NULL, _IOLBF, 0);
    printf("ready\n");
    while (fgets(line, sizeof line, stdin)) {
        if (strcmp(line, "reset\n") == 0)
            printf("%d 0 0 -\n", iscsi_task_mgmt_lun_reset_sync(iscsi, url->lun));
        else if (sscanf(line, "%63s %d %131072s", cdb, &in, out) == 3)
            execute(iscsi, url->lun, cdb, in, out);
        else
            give_up(line, "not a command");
    }
    iscsi_logout_sync(iscsi);
    iscsi_destroy_url(url);
    iscsi_destroy_context(iscsi);
    return 0;
}
