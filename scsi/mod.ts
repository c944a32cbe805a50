/**
 * SCSI without a transport: what a {@link LogicalUnit} is, CDBs, status and sense, INQUIRY and vital product data,
 * LUNs, mode and log pages, medium attributes, security protocols, reservations (SPC-5, SAM-5), what tape drives say of
 * themselves (SSC-4), and the commands of disks (SBC-4).
 *
 * Everything here works on a `LogicalUnit`: the iSCSI session of `@uiscsi/tape/iscsi`, the simulated drive, or an
 * object of your own with an `execute` method.
 *
 * ```ts
 * import { deviceTypeName, inquiry, type LogicalUnit } from "@uiscsi/tape/scsi";
 *
 * const unit: LogicalUnit = {
 *   name: "mine",
 *   execute({ dataIn }) {
 *     dataIn?.set([0x01, 0x80, 0x06, 0x02, 0x00]);
 *     return Promise.resolve({ status: 0, sense: new Uint8Array(), dataInLength: 5, residual: 0 });
 *   },
 *   close: () => Promise.resolve(),
 * };
 * const { deviceType } = await inquiry(unit);
 * console.log(deviceTypeName(deviceType)); // tape
 * ```
 *
 * @module
 */

export * from "./attribute_table.ts";
export * from "./block/block_characteristics.ts";
export * from "./block/block_limits.ts";
export * from "./block/block_range.ts";
export * from "./block/cache_options.ts";
export * from "./block/capacity.ts";
export * from "./block/compare_and_write.ts";
export * from "./block/logical_block_provisioning.ts";
export * from "./block/miscompare_error.ts";
export * from "./block/read_capacity.ts";
export * from "./block/read_write.ts";
export * from "./block/start_stop_unit.ts";
export * from "./block/synchronize_cache.ts";
export * from "./block/unmap.ts";
export * from "./block/verify.ts";
export * from "./block/write_same.ts";
export * from "./block/xd_write_read.ts";
export * from "./cdb.ts";
export * from "./command_table.ts";
export * from "./crc32c.ts";
export * from "./data_buffer.ts";
export * from "./designator.ts";
export * from "./device_type.ts";
export * from "./diagnostics.ts";
export * from "./element/changer_pages.ts";
export * from "./element/decode_element_status.ts";
export * from "./element/element_status.ts";
export * from "./element/element_type.ts";
export * from "./element/encode_element_status.ts";
export * from "./errors.ts";
export * from "./execute.ts";
export * from "./inquiry.ts";
export * from "./log_pages.ts";
export * from "./log_select.ts";
export * from "./logical_unit.ts";
export * from "./lun.ts";
export * from "./medium_attributes.ts";
export * from "./mode_pages.ts";
export * from "./report_luns.ts";
export * from "./request_sense.ts";
export * from "./reservation/full_reservation_status.ts";
export * from "./reservation/persistent_reserve_in.ts";
export * from "./reservation/persistent_reserve_out.ts";
export * from "./reservation/reservation_reports.ts";
export * from "./reservation/reservation_type.ts";
export * from "./reservation/reserve_unit.ts";
export * from "./reservation/transport_id.ts";
export * from "./security/security_protocol.ts";
export * from "./sense.ts";
export * from "./sense_codes.ts";
export * from "./status.ts";
export * from "./stream/encryption_status.ts";
export * from "./stream/log_page_table.ts";
export * from "./stream/mode_page_fields.ts";
export * from "./stream/mode_page_layout.ts";
export * from "./stream/named_log_page.ts";
export * from "./stream/set_encryption.ts";
export * from "./stream/stream_vpd.ts";
export * from "./supported_operations.ts";
export * from "./supported_task_management.ts";
export * from "./test_unit_ready.ts";
export * from "./timestamp.ts";
export * from "./vital/extended_inquiry.ts";
export * from "./vital/mode_page_policy.ts";
export * from "./vital/scsi_ports.ts";
export * from "./vpd.ts";
export type { FieldTable, FlagField, NumberField } from "./bit_field.ts";
export type { Logger, LogMethod } from "./logger.ts";
