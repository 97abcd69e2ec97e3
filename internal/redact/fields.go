package redact

import (
	"regexp"
	"strings"
)

// A fieldKind is what a [Redactor] keeps of the fields of one name.
type fieldKind int

const (
	unknown   fieldKind = iota // nothing, not even the name
	named                      // the name, and strings that are one of words
	private                    // the name alone; everything below is replaced
	measured                   // as named, numbers, and strings that are decimal numbers
	described                  // as named, and strings that match description
)

// fields are the names that firmware 3.7 to 8.3.5433 uses, as far as they are
// known from the answers to [Pages].
var fields = func() map[string]fieldKind {
	known := map[string]fieldKind{}
	for kind, names := range map[fieldKind]string{named: namedFields, private: privateFields, measured: measuredFields, described: describedFields} {
		for name := range strings.FieldsSeq(names) {
			known[name] = kind
		}
	}
	known["Device State"], known["FW Version"] = measured, described
	return known
}()

const namedFields = `
	envoy_info device package build_info name
	production consumption storage lines cumulative channels watts wattHours lastReading lifetime
	pcu acb rgm pmu eim nsrb esub encharge enpower collar meters connection tasks counters dry_contacts grid pv load generator
	devices devices: device_control inventory serial_nums secctrl offgrid_secctrl relay submodules dmir procload
	network interfaces comm wireless_connection alerts
	total-consumption net-consumption ph-a ph-b ph-c dynamic_pel_settings
	error err info moreInfo`

const privateFields = `
	sn serial serials serial_num serialNumber serial_number serialNumbers serial_numbers Serial
	device_id deviceId dev_id id uid uuid guid eid eids chanEid chaneid euaid task_id site_id siteId system_id systemId user_id
	mac mac_address macAddress bssid ip ip_address ipAddress ipv4 ipv6 gateway gateway_ip netmask subnet dns dns1 dns2 address addresses
	ssid psk wifi password passwd passphrase secret token access_token key pin cookie sessionId session_id session auth
	hostname host domain url uri user username user_name email owner account
	site site_name siteName system_name street city zip postal_code country region phone company
	lat lon lng latitude longitude location coordinates position geo gps altitude
	timezone time_zone tz tzdata utc_offset locale current_date current_time`

const measuredFields = `
	time seqnum apiver imeter web-tokens build_time_gmt
	activeCount readingTime createdTime created timestamp createdAt measurementType reportType state phaseMode phaseCount meteringStatus statusFlags
	wNow whNow whLifetime whToday whLastSevenDays varhLeadLifetime varhLagLifetime vahLifetime varhLeadToday varhLagToday vahToday
	rmsCurrent rmsVoltage reactPwr apprntPwr pwrFactor percentFull
	currW actPower whDlvdCum whRcvdCum varhLagCum varhLeadCum vahCum freqHz
	actEnergyDlvd actEnergyRcvd apparentEnergy reactEnergyLagg reactEnergyLead instantaneousDemand activePower apparentPower reactivePower voltage current freq phase
	wattsNow wattHoursToday wattHoursSevenDays wattHoursLifetime
	devType dev_type device_type lastReportDate lastReportWatts maxReportWatts
	deviceCount deviceDataLimit devName active modGone now nowUsed max today yesterday week endDate duration joulesProduced joulesUsed
	dcVoltageINmV dcCurrentINmA acVoltageINmV acCurrentInmA acFrequencyINmHz channelTemp acCurrOffset
	pwrConvErrSecs pwrConvMaxErrCycles leadingVArs laggingVArs issi rssi flags interval_type stateChngCnt freqInmHz
	l1NAcVoltageInmV l2NAcVoltageInmV l3NAcVoltageInmV VrmsL1N VrmsL2N VrmsL3N vrmsB1L12_or_L12 vrmsB2L12_or_L23 vrmsL31
	curr_w rms_mamp rms_mvolt freq_mhz wh_dlvd_cum wh_rcvd_cum vah_cum varh_lag_cum varh_lead_cum wh_pos wh_neg
	real_power_mw apparent_power_mva soc agg_p_mw agg_s_mva
	agg_p_ph_a_mw agg_p_ph_b_mw agg_p_ph_c_mw agg_s_ph_a_mva agg_s_ph_b_mva agg_s_ph_c_mva
	mqtt_state prov_state auth_state sc_stream sc_debug last_update main_relay_state gen_relay_state backup_bat_mode backup_soc
	limit_value_W slew_rate enable enable_dynamic_limiting export_limit powerForcedOff pvPowerForcedOff
	is_split_phase phase_count enc_agg_soc enc_agg_energy acb_agg_soc acb_agg_energy
	shutdown F V Vd_neg Vd_zero Vq_neg Vq_zero is_active is_system_balanced VLS_Limit seq_reset_needed
	freq_bias_hz freq_bias_hz_phaseb freq_bias_hz_phasec freq_bias_hz_q8 freq_bias_hz_q8_phaseb freq_bias_hz_q8_phasec
	voltage_bias_v voltage_bias_v_phaseb voltage_bias_v_phasec voltage_bias_v_q5 voltage_bias_v_q5_phaseb voltage_bias_v_q5_phasec
	configured_backup_soc adjusted_backup_soc agg_soc Max_energy ENC_agg_soc ENC_agg_soh ENC_agg_backup_energy ENC_agg_avail_energy
	Enc_commissioned_capacity Enc_max_available_capacity ACB_agg_soc ACB_agg_energy soc_rec_enabled soc_recovery_entry soc_recovery_exit
	Commission_in_progress ESS_in_progress ESS_R3_To_R4_in_progress
	installed last_rpt_date created_date img_load_date admin_state admin_mode oper_state led_status communicating operating producing provisioned
	temperature maxCellTemp sleep_enabled sleep_min_soc sleep_max_soc dc_switch_off charge_status gficlearset
	comm_level_sub_ghz comm_level_2_4_ghz der_index encharge_rev encharge_revision encharge_capacity encharge_rated_power
	msg_retry_count submodule_count reported_enc_grid_state reported_grid_mode com_interface com_interface_str
	mains_admin_state mains_oper_state Enpwr_grid_mode Enchg_grid_mode Solar_grid_mode Enpwr_relay_state_bm Enpwr_curr_state_id
	der1_state der2_state der3_state srt12_state srt13_state mid_state grid_state collar_state control_error
	line-count line1-connected line2-connected line3-connected reason
	schedule start_soc stop_soc exc_on present
	software_build_epoch is_nonvoy db_percent_full web_comm ever_reported_to_enlighten last_enlighten_report_time primary_interface interface dhcp carrier
	signal_strength signal_strength_max supported configured connected num level level_24g level_subg tariff update_status status type`

const describedFields = `
	pn software version build build_id release_ver release_stage
	part_num part_number assembly_number ptpn img_pnum_running fw_version bmu_fw_version app_fw_version zb_fw_version zb_bootloader_vers
	ibl_fw_version swift_asic_fw_version dmir_version zigbee_dongle_fw_version flags_hex
	device_status admin_state_str package@name`

var (
	build       = regexp.MustCompile(`^([0-9a-f]{6,8}|\d{3,4})$`) // 033b78, 802
	decimal     = regexp.MustCompile(`^-?\d{1,10}(\.\d+)?$`)
	description = regexp.MustCompile(`^(` + strings.Join([]string{
		`[A-Z]?\d{1,3}(\.[0-9A-Z]{1,5}){1,3}(_rel/[0-9.]{1,9})?(-[A-Z]\d{1,5})?`, // D8.3.5433, 3.0.6614_rel/31.13, 2.2.1-D4119
		`\d{2,3}[A-F]`, // 100F
		`\d{3}-\d{5}(-[rv]?\d{2}(\.\d{2})*){0,2}`, // 800-00654-r08, 521-00005-r06-v02.61.01
		`\d{2}|\d{3}-GA`, // 01, 700-GA
		`[\w.-]*(:pkg|release)[\w.-]*-[A-Z][a-z]{2}-\d\d-\d\d-\d\d:\d\d:\d\d`, // release-4.10.x-103-Nov-12-18-18:25:06
		`0x[0-9a-f]{16}`,                                     // 0x0000000000300000
		`(ENCHG|ENPWR|ENCMN)(_[A-Z0-9]+)+`,                   // ENCHG_STATE_READY
		`envoy\.(global|cond_flags)(\.[a-z_-]+)+|prop\.done`, // envoy.global.ok
	}, `|`) + `)$`)
)

// words are the strings that are kept in known fields.
var words = func() map[string]bool {
	known := map[string]bool{}
	for word := range strings.FieldsSeq(`
		true false unknown none
		inverters eim rgms pmus acb pcu nsrb production consumption storage backfeed load evse pv3p gen
		total-consumption net-consumption enabled disabled single split three normal not-metering check-wiring
		production-imbalance negative-production power-on-unused-phase negative-total-consumption negative-consumption
		idle charging discharging full ph-a ph-b ph-c ph-all L1 L2 L3
		PCU ACB NSRB ESUB ENCHARGE ENPOWER COLLAR ZigBee SubGHz
		on_grid off_grid grid-tied multimode-ongrid multimode-offgrid open closed close Installed
		connected connecting disconnected configured ok
		ethernet wifi cellular zigbee subghz eth0 wlan0 ppp0 single_rate time_of_use tiered satisfied
		app rootfs rootfs-full full kernel boot devimg geo backbone meter agf essimg ffuimg patch security pkgsec`) {
		known[word] = true
	}
	for _, phrase := range []string{
		"C6 COMBINER CONTROLLER", "C6 RGM", "404 - Not Found", "Not Found", "Method Not Allowed", "Authentication required",
	} {
		known[phrase] = true
	}
	return known
}()
