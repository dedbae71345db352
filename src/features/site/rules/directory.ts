/** As many clinics as one page of the directory shows. */
export const directoryPageSize = 24
